// Where Prisma finds the schema. No datasource URL: the client gets its connection from an adapter,
// and the commands that would need a URL here (migrate, db push, db pull) are not used.
import { defineConfig } from 'prisma/config';

export default defineConfig({ schema: 'schema.prisma' });
