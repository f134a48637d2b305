// The OpenID provider of the tests: oidc-provider as it is, on a free port of this machine, with one client. It prints its
// issuer when it is ready. Its people have no passwords: the header `x-account` says who is at the browser; whose name begins
// with `unverified` has an address that nobody has verified. POST /rotate gives it other signing keys.
import { createPrivateKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

// By way of PEM: to export the very object that was generated hangs, once in some hundred times. It holds the lock of the key, and
// where that collects garbage, the end of the generation waits for the same lock (Node 20).
function signingKey() {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { ...createPrivateKey(privateKey).export({ format: 'jwk' }), kid: randomUUID(), alg: 'RS256', use: 'sig' };
}

function provider(issuer) {
  const made = new Provider(issuer, {
    clients: [{
      client_id: 'strongroom',
      client_secret: 'known to the tests alone',
      application_type: 'native', // whose loopback addresses may have any port (RFC 8252, section 7.3)
      redirect_uris: ['http://127.0.0.1/api/auth/oidc/callback'],
    }],
    jwks: { keys: [signingKey()] },
    cookies: { keys: [randomUUID()] },
    pkce: { required: () => true },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, accountId) => ({
      accountId,
      claims: () => ({
        sub: accountId,
        email: `${accountId}@example.org`,
        email_verified: !accountId.startsWith('unverified'),
        name: `${accountId} of the provider`,
      }),
    }),
  });
  return made;
}

// Signs in whoever the header names, and consents to whatever is asked.
async function interact(current, request, response) {
  const { prompt, params, session } = await current.interactionDetails(request, response);
  if (prompt.name === 'login') {
    return current.interactionFinished(request, response, { login: { accountId: request.headers['x-account'] } });
  }
  const grant = new current.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  return current.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}

const server = createServer(async (request, response) => {
  try {
    if (request.url === '/rotate') {
      current = provider(issuer);
      response.end();
    } else if (request.url.startsWith('/interaction/')) {
      await interact(current, request, response);
    } else {
      current.callback()(request, response);
    }
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const issuer = `http://127.0.0.1:${server.address().port}`;
let current = provider(issuer);
console.log(issuer);

// Whoever started it holds its standard input, and takes it along.
process.stdin.on('end', () => process.exit()).resume();
