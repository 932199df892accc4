// Checks the log's proofs in this browser (RFC 6962; C2SP tlog-checkpoint and tlog-proof): no word of the server's is taken.
const encoder = new TextEncoder();

export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

export function leafHash(entry) {
  return sha256(concat([0], entry));
}

export function nodeHash(left, right) {
  return sha256(concat([1], left, right));
}

// The root that an inclusion proof leads to (RFC 9162, section 2.1.3.2); null where the proof has the wrong length.
export async function rootOfInclusion(index, size, leaf, proof) {
  if (index < 0 || index >= size) return null;
  let [place, last, hash, used] = [BigInt(index), BigInt(size) - 1n, leaf, 0];
  for (const sibling of proof) {
    if (last === 0n) return null;
    if (place & 1n || place === last) {
      hash = await nodeHash(sibling, hash);
      while (!(place & 1n) && place !== 0n) [place, last] = [place >> 1n, last >> 1n];
    } else hash = await nodeHash(hash, sibling);
    [place, last, used] = [place >> 1n, last >> 1n, used + 1];
  }
  return last === 0n && used === proof.length ? hash : null;
}

// A subtree's place: its level, and its index within the level.
function subtrees(size) {
  const found = [];
  let [start, rest] = [0, size];
  for (let level = Math.floor(Math.log2(Math.max(size, 1))); rest > 0; level--) {
    const width = 2 ** level;
    if (width > rest) continue;
    found.push([level, start / width]);
    [start, rest] = [start + width, rest - width];
  }
  return found;
}

// The root of the first `size` entries, from the hashes of whole subtrees.
export async function rootOf(size, readHash) {
  const hashes = [];
  for (const [level, index] of subtrees(size)) hashes.push(await readHash(level, index));
  if (!hashes.length) return sha256(new Uint8Array());
  let root = hashes.pop();
  while (hashes.length) root = await nodeHash(hashes.pop(), root);
  return root;
}

// A reader of subtree hashes that fetches tiles, each once, as they are in a tree of this size.
export function tileReader(size, fetchBytes) {
  const tiles = new Map();
  const tile = (level, number) => {
    const path = tilePath(level, number, size);
    if (!tiles.has(path)) tiles.set(path, fetchBytes(path));
    return tiles.get(path);
  };
  return async function readHash(level, index) {
    const tileLevel = Math.floor(level / 8);
    const span = 2 ** (level - 8 * tileLevel);
    const first = index * span;
    const bytes = await tile(tileLevel, Math.floor(first / 256));
    let row = [];
    for (let place = first % 256; row.length < span; place++) row.push(bytes.slice(place * 32, place * 32 + 32));
    if (row.some((hash) => hash.length !== 32)) throw new Error(`tile ${tileLevel}/${Math.floor(first / 256)} is short`);
    while (row.length > 1) {
      const above = [];
      for (let pair = 0; pair < row.length; pair += 2) above.push(await nodeHash(row[pair], row[pair + 1]));
      row = above;
    }
    return row[0];
  };
}

function tilePath(level, number, size) {
  const hashes = Math.floor(size / 256 ** level);
  const width = Math.min(256, hashes - number * 256);
  const groups = [String(number % 1000).padStart(3, "0")];
  for (let rest = Math.floor(number / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, "0")}`);
  }
  return `tile/${level}/${groups.join("/")}${width < 256 ? `.p/${width}` : ""}`;
}

// A checkpoint whose signature by this verifier key holds. Throws an Error that says what does not.
export async function openCheckpoint(note, verifierKey) {
  const [, name, id, encoded] = verifierKey.trim().match(/^([^+]+)\+([0-9a-f]{8})\+(.+)$/) ?? [];
  if (!name) throw new Error("the log's key is not one");
  const end = note.indexOf("\n\n");
  const text = note.slice(0, end + 1);
  const [origin, size, root] = text.split("\n");
  if (origin !== name) throw new Error(`the checkpoint is of ${origin}, not of ${name}`);
  const line = note.slice(end + 2).split("\n").find((each) => each.startsWith(`— ${name} `));
  if (!line) throw new Error("the checkpoint is not signed by the log's key");
  const signature = fromBase64(line.slice(`— ${name} `.length));
  if (hex(signature.slice(0, 4)) !== id) throw new Error("the checkpoint is signed by another key");
  const raw = fromBase64(encoded).slice(1);
  const key = await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
  if (!(await crypto.subtle.verify("Ed25519", key, signature.slice(4), encoder.encode(text)))) {
    throw new Error("the signature does not fit the checkpoint");
  }
  return { origin, size: Number(size), root: fromBase64(root) };
}

// The parts of a receipt: the leaf's index, the hashes of its path, and the checkpoint as it stands.
export function openReceipt(text) {
  const end = text.indexOf("\n\n");
  const [name, index, ...path] = text.slice(0, end).split("\n");
  const [, number] = (index ?? "").match(/^index (\d+)$/) ?? [];
  if (end < 0 || name !== "c2sp.org/tlog-proof@v1" || number === undefined) throw new Error("the proof is not one");
  return { index: Number(number), path: path.map(fromBase64), checkpoint: text.slice(end + 2) };
}

export function entryOf(digest, recordedAt) {
  return encoder.encode(`{"event_sha256":"${digest}","recorded_at":"${recordedAt}"}`);
}

export function hex(bytes) {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function equal(one, other) {
  return one !== null && other !== null && hex(one) === hex(other);
}

export function fromBase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

export function toBase64(bytes) {
  return btoa(String.fromCharCode(...bytes));
}

function concat(...parts) {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let place = 0;
  for (const part of parts) {
    bytes.set(part, place);
    place += part.length;
  }
  return bytes;
}
