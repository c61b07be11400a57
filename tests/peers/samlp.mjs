// An identity provider made of npm's samlp on loopback: node samlp.mjs SETTINGS.
// SETTINGS is a JSON file: port, key, certificate, password, people, options (of samlp) and the path of a file that
// says who asks: its entity id, addresses and certificate. That file is read at each request.

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const samlp = require("samlp");
const SessionParticipants = require("samlp/lib/sessionParticipants");

const settings = JSON.parse(readFileSync(process.argv[2], "utf8"));
const base = `http://127.0.0.1:${settings.port}`;
const issuer = `${base}/entity`;
const own = { issuer, cert: settings.certificate, key: settings.key };
const sessions = new Map();

const metadata = samlp.metadata({
  ...own,
  redirectEndpointPath: "/login",
  postEndpointPath: "/login",
  logoutEndpointPaths: { redirect: "/logout" },
});

function service() {
  return JSON.parse(readFileSync(settings.service, "utf8"));
}

function escaped(text) {
  return String(text).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function page(response, title, body) {
  response.set("Content-Type", "text/html; charset=utf-8");
  response.send(`<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1>${body}</html>`);
}

function form(request, response, message) {
  page(
    response,
    "Sign in at the peer",
    `<p>${escaped(message)}</p><form method="post" action="${escaped(request.url)}">
<label>Name <input name="username" autocomplete="username"></label>
<label>Password <input name="password" type="password"></label>
<button name="decision" value="go">Sign in</button></form>`,
  );
}

// The request of the service: its ID names what was proved for it.
function asked(request) {
  return new Promise((resolve, reject) =>
    samlp.parseRequest(request, { signingCert: service().certificate, deflate: true, ...signature(request) }, (error, data) =>
      error ? reject(error) : resolve(data ?? {}),
    ),
  );
}

function signature(request) {
  const { Signature, SigAlg, RelayState } = request.query;
  return { signature: Signature, sigAlg: SigAlg, relayState: RelayState };
}

function answered(request, response, session, next) {
  const { entity_id, acs_url, certificate, public_key } = service();
  const { encrypts, ...options } = settings.options;
  const sealing = encrypts ? { encryptionCert: certificate, encryptionPublicKey: public_key } : {};
  const user = settings.people[session.user];
  session.participants = [
    {
      serviceProviderId: entity_id,
      nameId: user.id,
      sessionIndex: session.index,
      serviceProviderLogoutURL: service().logout_url,
      cert: certificate,
    },
  ];
  samlp.auth({
    ...own,
    ...sealing,
    destination: acs_url,
    recipient: acs_url,
    ...options,
    signingCert: certificate,
    deflate: true,
    sessionIndex: session.index,
    getUserFromRequest: () => user,
    getPostURL: (audience, document, _, done) => done(null, acs_url),
  })(request, response, next);
}

async function login(request, response, next) {
  const said = await asked(request);
  if (request.method === "POST") {
    const { username, password, decision } = request.body;
    if (decision === "cancel") {
      const error = { code: "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed", description: "cancelled" };
      const refused = { ...own, error, destination: service().acs_url, inResponseTo: said.id, signResponse: false };
      samlp.sendError({ ...refused, getPostURL: (_, done) => done(null, service().acs_url) })(request, response, next);
      return;
    }
    if (!Object.hasOwn(settings.people, username) || password !== settings.password) {
      form(request, response, "That was wrong.");
      return;
    }
    const sid = randomBytes(16).toString("hex");
    sessions.set(sid, { user: username, proved: said.id, index: `_${randomBytes(16).toString("hex")}` });
    response.setHeader("Set-Cookie", `sid=${sid}; Path=/; HttpOnly; SameSite=Lax`);
    response.redirect(request.url);
    return;
  }
  const session = sessions.get(request.sid);
  if (session === undefined || (said.forceAuthn === "true" && session.proved !== said.id)) {
    form(request, response, said.forceAuthn === "true" ? "Please prove it once more." : "Welcome.");
    return;
  }
  answered(request, response, session, next);
}

function logout(request, response, next) {
  const session = sessions.get(request.sid) ?? { participants: [] };
  request.session = session;
  samlp.logout({
    ...own,
    deflate: true,
    protocolBinding: "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
    destination: service().logout_url,
    sessionParticipants: new SessionParticipants(session.participants),
    clearIdPSession: (done) => {
      sessions.delete(request.sid);
      done();
    },
  })(request, response, next);
}

// What samlp uses of Express.
function dressed(request, response, body) {
  const address = new URL(request.url, base);
  request.query = Object.fromEntries(address.searchParams);
  request.body = Object.fromEntries(new URLSearchParams(body));
  request.originalUrl = request.url;
  request.protocol = "http";
  request.sid = /(?:^|; )sid=([0-9a-f]+)/.exec(request.headers.cookie ?? "")?.[1];
  response.set = (name, value) => response.setHeader(name, value);
  response.redirect = (to) => response.writeHead(302, { Location: to }).end();
  response.send = (first, second) => {
    response.statusCode = typeof first === "number" ? first : 200;
    response.end(String(typeof first === "number" ? (second ?? "") : first));
  };
  return address.pathname;
}

createServer(async (request, response) => {
  let body = "";
  for await (const part of request) body += part;
  const path = dressed(request, response, body);
  const failed = (error) => {
    response.statusCode = 400;
    response.end(`the peer refuses: ${error?.message}`);
  };
  try {
    if (path === "/metadata") metadata(request, response);
    else if (path === "/login") await login(request, response, failed);
    else if (path === "/logout") logout(request, response, failed);
    else failed(new Error("nothing is here"));
  } catch (error) {
    failed(error);
  }
}).listen(settings.port, "127.0.0.1");
