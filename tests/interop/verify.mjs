// Verifies bundles with sigstore's own client: node verify.mjs BUNDLES.jsonl KEY.pub
//
// Each line must verify as it is, and must not verify with a byte of its payload, its payload
// type or its signature changed, or with another key: a check that cannot say no proves nothing.
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { bundleFromJSON } from '@sigstore/bundle';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';

// A root of trust without any authority: nothing but the given key is trusted, nothing fetched.
const noAuthorities = {
  mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  tlogs: [],
  certificateAuthorities: [],
  ctlogs: [],
  timestampAuthorities: [],
};

function verifierFor(publicKey) {
  const keys = () => ({ publicKey, validFor: () => true });
  return new Verifier(toTrustMaterial(noAuthorities, keys), {
    tlogThreshold: 0,
    ctlogThreshold: 0,
    timestampThreshold: 0,
  });
}

function verifies(json, publicKey) {
  try {
    verifierFor(publicKey).verify(toSignedEntity(bundleFromJSON(json)));
    return true;
  } catch {
    return false;
  }
}

function flipped(base64) {
  const bytes = Buffer.from(base64, 'base64');
  bytes[bytes.length >> 1] ^= 1;
  return bytes.toString('base64');
}

function changed(json, change) {
  const copy = structuredClone(json);
  change(copy.dsseEnvelope);
  return copy;
}

function otherKey(publicKey) {
  const type = publicKey.asymmetricKeyType;
  const options = { ec: { namedCurve: 'P-256' }, rsa: { modulusLength: 2048 }, ed25519: {} };
  return generateKeyPairSync(type, options[type]).publicKey;
}

function problemOf(json, publicKey) {
  if (!verifies(json, publicKey)) return 'does not verify';
  const negatives = {
    'a flipped payload': changed(json, (e) => { e.payload = flipped(e.payload); }),
    'a flipped signature': changed(json, (e) => {
      e.signatures[0].sig = flipped(e.signatures[0].sig);
    }),
    'another payload type': changed(json, (e) => { e.payloadType = 'application/json'; }),
  };
  for (const [name, bad] of Object.entries(negatives)) {
    if (verifies(bad, publicKey)) return `verifies with ${name}`;
  }
  if (verifies(json, otherKey(publicKey))) return 'verifies with another key';
  const statement = JSON.parse(Buffer.from(json.dsseEnvelope.payload, 'base64'));
  if (statement._type !== 'https://in-toto.io/Statement/v1') return 'holds no statement';
  return null;
}

const [bundles, key] = process.argv.slice(2);
const publicKey = createPublicKey(readFileSync(key));
const lines = readFileSync(bundles, 'utf8').split('\n').slice(0, -1);
let failed = lines.length === 0;
lines.forEach((line, i) => {
  const problem = problemOf(JSON.parse(line), publicKey);
  console.log(`${bundles}:${i + 1}: ${publicKey.asymmetricKeyType}: ${problem ?? 'verified'}`);
  failed ||= problem !== null;
});
process.exit(failed ? 1 : 0);
