// A relying party out of npm's openid-client: one page that sends people to the provider, one that they come back to.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import * as client from 'openid-client'

const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const base = `http://rp.localhost:${settings.port}`
let config
const waiting = new Map()

async function proof() {
  if (!settings.jwk) return client.ClientSecretBasic(settings.secret)
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const key = await crypto.subtle.importKey('jwk', settings.jwk, algorithm, false, ['sign'])
  return client.PrivateKeyJwt({ key, kid: settings.jwk.kid })
}

async function known() {
  const metadata = { id_token_signed_response_alg: settings.algorithm }
  config ??= await client.discovery(new URL(settings.issuer), settings.client_id, metadata, await proof(), {
    execute: [client.allowInsecureRequests],
  })
  return config
}

const pages = {
  async '/'(url) {
    const verifier = client.randomPKCECodeVerifier()
    const state = client.randomState()
    const nonce = client.randomNonce()
    waiting.set(state, { verifier, nonce })
    const asked = {
      redirect_uri: `${base}/callback`,
      scope: 'openid email profile groups',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      ...Object.fromEntries(url.searchParams),
    }
    return { location: client.buildAuthorizationUrl(await known(), asked).href }
  },
  async '/callback'(url) {
    const { verifier, nonce } = waiting.get(url.searchParams.get('state'))
    const tokens = await client.authorizationCodeGrant(await known(), url, {
      pkceCodeVerifier: verifier,
      expectedState: url.searchParams.get('state'),
      expectedNonce: nonce,
      idTokenExpected: true,
    })
    const claims = tokens.claims()
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub)
    return { body: { claims, userinfo, refresh_token: tokens.refresh_token, id_token: tokens.id_token } }
  },
  async '/refresh'(url) {
    const tokens = await client.refreshTokenGrant(await known(), url.searchParams.get('token'))
    return { body: { claims: tokens.claims(), refresh_token: tokens.refresh_token } }
  },
  async '/out'(url) {
    const asked = { post_logout_redirect_uri: `${base}/gone`, id_token_hint: url.searchParams.get('hint'), state: 'x' }
    return { location: client.buildEndSessionUrl(await known(), asked).href }
  },
  async '/gone'(url) {
    return { body: { gone: url.searchParams.get('state') } }
  },
}

createServer(async (request, response) => {
  const url = new URL(request.url, base)
  try {
    const { location, body } = await pages[url.pathname](url)
    response.writeHead(location ? 303 : 200, location ? { location } : { 'content-type': 'application/json' })
    response.end(body ? JSON.stringify(body) : '')
  } catch (fault) {
    response.writeHead(500, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ error: fault.error ?? fault.code ?? String(fault), why: String(fault.cause ?? fault) }))
  }
}).listen(settings.port, '127.0.0.1')
