/**
 * Starts Python once, as it is built, and keeps its memory: the page goes on from there, in a
 * tenth of the time. node snapshot.mjs PYODIDE ARCHIVE OUT NET…
 */

import { createReadStream, readFileSync, writeFileSync } from "node:fs";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { unpack, unzipped } from "./unpack.mjs";

const [, , pyodide, archive, out, ...nets] = process.argv;
const TARGETS = ["torch", "tf", "numpy", "network", "prototxt", "summary"];

const { loadPyodide } = await import(pathToFileURL(`${pyodide}/pyodide.mjs`).href);
const python = await loadPyodide({ indexURL: pyodide, stdout: () => {}, _makeSnapshot: true });
unpack(python.FS, await unzipped(Readable.toWeb(createReadStream(archive))), "/python");
nets.forEach((net, index) => python.FS.writeFile(`/tmp/${index}.prototxt`, readFileSync(net)));
// What a conversion imports is imported when it is needed, so it is asked for some.
python.runPython(`
import gc, sys
sys.dont_write_bytecode = True
sys.path.insert(0, "/python")
import bridge
for net in range(${nets.length}):
    for target in ${JSON.stringify(TARGETS)}:
        bridge.try_out(f"/tmp/{net}.prototxt", target)
gc.collect()
`);
writeFileSync(out, python.makeMemorySnapshot());
