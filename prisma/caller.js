// How an application proves to Strongroom for whom it asks. Without this every query is refused; with it the database
// itself sees to it that the work reaches only what that person may reach.

/** What a client must not ask for: the database lets nobody read these columns, and refuses a query that reads one. */
export const omit = {
  user: { isAdmin: true },
  userCredential: { encryptedValue: true },
  credentialVersion: { encryptedValue: true },
  credentialGrant: { ownerId: true, workspaceId: true },
  apiToken: { tokenHash: true },
  invitation: { tokenHash: true },
  serverSecret: { envelope: true, secretHash: true },
};

const TOKEN = /^srt_([A-Za-z0-9_-]{64})$/;

/** The 48 raw bytes of an API token, as prove_caller() wants them. */
export function secretOf(token) {
  const secret = TOKEN.exec(token)?.[1];
  if (secret === undefined) throw new TypeError('not a Strongroom API token');
  return Buffer.from(secret, 'base64url');
}

/**
 * Runs `work` in one transaction, as the person whose API token this is. The proof ends with the transaction, and after
 * five minutes. Of the isolation levels only read committed, PostgreSQL's default, is accepted.
 */
export async function asCaller(prisma, token, work, options) {
  const secret = secretOf(token);
  return prisma.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT strongroom.prove_caller(${secret})`;
    return work(tx);
  }, options);
}
