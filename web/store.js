/**
 * Large files of the worker: they lie in the browser's own storage on disk (the origin private file
 * system), where they are read and written in place. What is read from a dropped file directly
 * stays in memory until JavaScript looks for garbage, which it does not while Python works.
 */

const FOLDER = "proto2net";
const LOCK = "proto2net-";
const PART = 2 ** 20; // bytes that are copied at once
const MOST = 3; // a network's graph, its arrays, its text

let folder;

/** This worker's own folder. Those of pages that were closed are removed. */
async function ownFolder() {
  const root = await navigator.storage.getDirectory();
  const all = await root.getDirectoryHandle(FOLDER, { create: true });
  const { held } = await navigator.locks.query();
  const alive = new Set(held.map((lock) => lock.name));
  for await (const name of all.keys()) {
    if (!alive.has(LOCK + name)) await all.removeEntry(name, { recursive: true });
  }
  const name = crypto.randomUUID();
  await new Promise((taken) => {
    navigator.locks.request(LOCK + name, () => {
      taken();
      return new Promise(() => {}); // held as long as the worker lives
    });
  });
  return all.getDirectoryHandle(name, { create: true });
}

/** An empty file there, and the access to its bytes. */
async function opened(name) {
  folder ??= await ownFolder();
  const handle = await folder.getFileHandle(name, { create: true });
  const access = await handle.createSyncAccessHandle();
  access.truncate(0);
  return { handle, access };
}

/** Copy a dropped file there. */
export async function stored(file) {
  const { access } = await opened("given");
  const reader = file.stream().getReader({ mode: "byob" });
  let part = new Uint8Array(PART); // the same memory again and again
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read(part);
    if (done) return { access, size };
    size += access.write(value, { at: size });
    part = new Uint8Array(value.buffer);
  }
}

/** Open files to write into. `progress` is called with the bytes written, and how many there are. */
export async function openStore(progress) {
  const free = [];
  for (let index = 0; index < MOST; index++) free.push(await opened(String(index)));
  const all = [...free];
  const used = [];

  /** Called from Python for each file: what it returns takes the file's bytes. */
  function sink(name, size) {
    const file = { name, ...free.shift() };
    used.push(file);
    let written = 0;
    let told = 0;
    return {
      write(view) {
        const buffer = view.getBuffer("u8");
        written += file.access.write(buffer.data, { at: written });
        buffer.release();
        if (written - told >= 2 ** 22) progress((told = written), size);
      },
    };
  }

  return {
    sink,
    close: () => all.forEach(({ access }) => access.close()),
    files: () =>
      Promise.all(used.map(async ({ name, handle }) => ({ name, file: await handle.getFile() }))),
  };
}
