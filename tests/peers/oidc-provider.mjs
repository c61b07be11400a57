// An OpenID provider made of npm's oidc-provider on loopback: node oidc-provider.mjs SETTINGS.
// SETTINGS is a JSON file: port, key (a private JWK), password, people (claims by user name), options (of oidc-provider)
// and the path of a file with the clients, each by its id. That file is read at each request.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";
import MemoryAdapter from "oidc-provider/lib/adapters/memory_adapter.js";

const settings = JSON.parse(readFileSync(process.argv[2], "utf8"));
const issuer = `http://127.0.0.1:${settings.port}`;

class Clients {
  async find(id) {
    const clients = JSON.parse(readFileSync(settings.service, "utf8"));
    return Object.hasOwn(clients, id) ? { client_id: id, ...clients[id] } : undefined;
  }
}

function account(_, id) {
  if (!Object.hasOwn(settings.people, id)) return undefined;
  return { accountId: id, claims: async () => ({ sub: id, ...settings.people[id] }) };
}

// What is asked for is granted: the tests are about who signs in.
async function granted(context) {
  const { client, session, provider, params } = context.oidc;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(params.scope);
  await grant.save();
  return grant;
}

const provider = new Provider(issuer, {
  adapter: (name) => (name === "Client" ? new Clients() : new MemoryAdapter(name)),
  claims: {
    email: ["email", "email_verified"],
    profile: ["name", "given_name", "family_name", "preferred_username"],
    groups: ["groups"],
  },
  clientAuthMethods: ["client_secret_basic", "client_secret_post", "private_key_jwt"],
  conformIdTokenClaims: false,
  cookies: { keys: ["of a test"] },
  features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true } },
  // Its own way out asks nobody on loopback.
  fetch: (url, { dispatcher, ...request }) => globalThis.fetch(url, request),
  findAccount: account,
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  jwks: { keys: [settings.key] },
  loadExistingGrant: granted,
  ...settings.options,
});

function form(response, message) {
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  response.end(`<!doctype html><html lang="en"><title>Sign in at the peer</title><h1>Sign in at the peer</h1>
<p>${message}</p><form method="post">
<label>Name <input name="username" id="username" autocomplete="username"></label>
<label>Password <input name="password" id="password" type="password"></label>
<button name="decision" value="go">Sign in</button><button name="decision" value="cancel">Cancel</button></form></html>`);
}

async function interaction(request, response) {
  if (request.method !== "POST") {
    const { params } = await provider.interactionDetails(request, response);
    form(response, params.prompt === "login" || params.max_age !== undefined ? "Please prove it once more." : "Welcome.");
    return;
  }
  let body = "";
  for await (const part of request) body += part;
  const typed = Object.fromEntries(new URLSearchParams(body));
  if (typed.decision === "cancel") {
    const refused = { error: "access_denied", error_description: "cancelled" };
    await provider.interactionFinished(request, response, refused, { mergeWithLastSubmission: false });
  } else if (!Object.hasOwn(settings.people, typed.username) || typed.password !== settings.password) {
    form(response, "That was wrong.");
  } else {
    const login = { login: { accountId: typed.username, amr: ["pwd"] } };
    await provider.interactionFinished(request, response, login, { mergeWithLastSubmission: false });
  }
}

provider.on("backchannel.error", (_, error) => console.error("the client did not take a logout:", error));

const answer = provider.callback();

createServer(async (request, response) => {
  try {
    if (request.url.startsWith("/interaction/")) await interaction(request, response);
    else await answer(request, response);
  } catch (error) {
    response.statusCode = 400;
    response.end(`the peer refuses: ${error.message}`);
  }
}).listen(settings.port, "127.0.0.1");
