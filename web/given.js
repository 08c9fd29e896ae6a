/** The files that were given: which is the definition, which are weights, and what they hold. */

const WEIGHTS = /\.(caffemodel|h5|hdf5|npy|safetensors)$/i;
const SOLVER = /^\s*(train_)?net(_param)?\s*[:{]/m;
const LAYERS = /^\s*layers?\s*[:{]/m;
const LARGEST_TEXT = 2 ** 24 + 1; // proto2net itself reads no longer one, and says so

/** A name that a file can have in a folder of Python's. */
export const plain = (name) => name.replace(/[/\\\0]/g, "_").replace(/^\.+/, "") || "net.prototxt";

async function isText(file) {
  if (WEIGHTS.test(file.name) || /\.binaryproto$/i.test(file.name)) return false;
  return !new Uint8Array(await file.slice(0, 4096).arrayBuffer()).includes(0);
}

/** What files hold: the texts, and the files that are read where they are. */
export async function sorted(files) {
  const found = { texts: [], files: [] };
  for (const file of files) {
    const name = plain(file.name);
    if (await isText(file)) {
      found.texts.push({ name, text: await file.slice(0, LARGEST_TEXT).text() });
    } else {
      found.files.push(name === file.name ? file : new File([file], name));
    }
  }
  return found;
}

/** The file that is converted: a solver before a network, unless weights tell a network. */
export function mainOf({ texts, files }) {
  const weights = weightsOf({ files });
  const rank = ({ name, text }) => {
    const isSolver = SOLVER.test(text) && !LAYERS.test(text);
    if (isSolver) return weights ? 1 : 4;
    if (/deploy/i.test(name)) return 3;
    return /\.(prototxt|pbtxt|cfg|txt)$/i.test(name) ? 2 : 0;
  };
  const [best] = [...texts].sort((a, b) => rank(b) - rank(a));
  return best?.name ?? weights ?? files[0]?.name ?? "";
}

/** The file of weights among these, if there is one. */
export const weightsOf = ({ files }) => files.find(({ name }) => WEIGHTS.test(name))?.name ?? "";
