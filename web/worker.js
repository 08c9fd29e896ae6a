/** The worker: Python with proto2net in it. It answers one question at a time. */

import createPyodideModule from "./pyodide/pyodide.asm.mjs";
import { loadPyodide } from "./pyodide/pyodide.mjs";
import { plain } from "./given.js";
import { openStore, stored } from "./store.js";
import { unpack, unzipped } from "./unpack.mjs";

const HOME = "/home/files";
const DROPPED = "/home/dropped";
const OTHER = "/other"; // a folder of its own: what is compared may have the name of what was given

/** Start Python, and tell each step of it. */
async function start() {
  const fetched = (name) => fetch(new URL(name, import.meta.url)).then(({ body }) => unzipped(body));
  postMessage({ step: "Fetching Python" });
  const archive = fetched("./python.tar.gz");
  const snapshot = fetched("./snapshot.gz");
  const python = await loadPyodide({
    indexURL: new URL("./pyodide/", import.meta.url).href,
    stdout: () => {},
    stderr: () => {},
    _loadSnapshot: snapshot,
    async createPyodideModule(settings) {
      const made = await createPyodideModule(settings);
      made.growMemory((await snapshot).length); // which has grown beyond what Python begins with
      return made;
    },
  });
  release((await snapshot).buffer);
  postMessage({ step: "Starting Python" });
  unpack(python.FS, await archive, "/python");
  for (const folder of [HOME, DROPPED, OTHER]) python.FS.mkdirTree(folder);
  python.FS.mount(python.FS.filesystems.WORKERFS, { files: [] }, DROPPED);
  python.FS.chdir(HOME);
  return { python, bridge: python.pyimport("bridge") };
}

/** Give back the memory of a buffer, which something may still refer to. */
function release(buffer) {
  structuredClone(buffer, { transfer: [buffer] });
}

function empty({ FS }, folder) {
  for (const name of FS.readdir(folder)) {
    if (name !== "." && name !== "..") FS.unlink(`${folder}/${name}`);
  }
}

/** Lay what was given into the current folder: texts as files, large files where they are read. */
function lay(python, texts, files) {
  const { FS } = python;
  FS.unmount(DROPPED);
  empty(python, HOME);
  FS.mount(FS.filesystems.WORKERFS, { files }, DROPPED);
  for (const { name } of files) FS.symlink(`${DROPPED}/${name}`, `${HOME}/${name}`);
  for (const { name, text } of texts) FS.writeFile(`${HOME}/${name}`, text);
}

/** Lay a file there that is stored, in the place of the one that was dropped. */
function layStored({ FS }, name, { access, size }) {
  FS.unlink(`${HOME}/${name}`);
  FS.writeFile(`${HOME}/${name}`, "");
  const { node } = FS.lookupPath(`${HOME}/${name}`);
  node.usedBytes = size;
  node.stream_ops = {
    ...node.stream_ops,
    read: (stream, target, offset, length, position) =>
      access.read(target.subarray(offset, offset + length), { at: position }),
  };
}

/** Lay the file there that is compared with. It gives its path. */
function layOther(python, { name, text }) {
  empty(python, OTHER);
  const path = `${OTHER}/${plain(name)}`;
  python.FS.writeFile(path, text);
  return path;
}

async function answered({ python, bridge }, { kind, texts, files, other, question }) {
  lay(python, texts, files);
  if (other) question = { ...question, other: layOther(python, other) };
  if (kind !== "port") return JSON.parse(bridge[kind](JSON.stringify(question)));

  const weights = files.find(({ name }) => name === question.weights);
  const given = await stored(weights);
  layStored(python, weights.name, given);
  const store = await openStore((written, size) => postMessage({ written, size }));
  let answer;
  try {
    answer = JSON.parse(bridge.port(JSON.stringify(question), store.sink));
  } finally {
    store.close();
    given.access.close();
  }
  return { ...answer, stored: answer.problems.length ? [] : await store.files() };
}

const started = start();
started.then(
  ({ bridge }) => postMessage({ ready: JSON.parse(bridge.versions()) }),
  (error) => postMessage({ failed: String(error) }),
);

addEventListener("message", async ({ data }) => {
  const { id, ...asked } = data;
  try {
    postMessage({ id, answer: await answered(await started, asked) });
  } catch (error) {
    postMessage({ id, failed: String(error) });
  }
});
