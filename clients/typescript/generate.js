// Writes src/api.ts, the types of openapi.json; with --check it says whether they are up to date, and writes nothing.
import { readFileSync, writeFileSync } from 'node:fs';
import openapiTS, { COMMENT_HEADER, astToString } from 'openapi-typescript';
import ts from 'typescript';

const description = new URL('../../openapi.json', import.meta.url);
const target = new URL('src/api.ts', import.meta.url);

const types = await openapiTS(description, {
  // TypeScript cannot name itself in an array of itself, as JSON does (TS2502).
  transform: (_, { path }) =>
    path?.endsWith('/MetadataValue') ? ts.factory.createKeywordTypeNode(ts.SyntaxKind.UnknownKeyword) : undefined,
});
const text = COMMENT_HEADER + astToString(types);

if (!process.argv.includes('--check')) {
  writeFileSync(target, text);
} else if (readFileSync(target, 'utf8') !== text) {
  console.error('src/api.ts is stale: npm run generate --prefix clients/typescript');
  process.exit(1);
}
