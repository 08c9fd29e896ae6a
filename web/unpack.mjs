/** Archives of files (tar), unpacked into the files that Pyodide has in memory. */

const BLOCK = 512;
const text = new TextDecoder();

/** What a packed stream holds. */
export async function unzipped(stream) {
  const plain = stream.pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(plain).arrayBuffer());
}

/** Write the files of an archive below a folder. They are views on its bytes: nothing is copied. */
export function unpack(FS, archive, folder) {
  const field = (at, size) => text.decode(archive.subarray(at, at + size)).replace(/\0.*$/s, "");
  const made = new Set();
  for (let at = 0; archive[at]; ) {
    const name = `${folder}/${field(at, 100)}`;
    const size = parseInt(field(at + 124, 12), 8);
    const parent = name.slice(0, name.lastIndexOf("/"));
    if (!made.has(parent)) FS.mkdirTree(parent);
    made.add(parent);
    at += BLOCK;
    FS.writeFile(name, archive.subarray(at, at + size), { canOwn: true });
    at += Math.ceil(size / BLOCK) * BLOCK;
  }
}
