/** What was chosen, which the address keeps behind its #: never a file, and nothing of one. */

export const TARGETS = [
  ["torch", "PyTorch"],
  ["tf", "TensorFlow"],
  ["numpy", "NumPy"],
  ["onnx", "ONNX"],
  ["network", "Builder"],
  ["prototxt", "Prototxt"],
  ["summary", "Summary"],
];

const DEFAULT = {
  to: "torch",
  example: "",
  show: "code",
  phase: "",
  inputs: "",
  outputs: "",
  fork: "",
  batch: "",
  name: "",
  flat: "",
};

/** The choices that an address has; what is no choice is passed over. */
export function chosen() {
  const told = new URLSearchParams(location.hash.slice(1));
  const found = { ...DEFAULT };
  for (const key of Object.keys(DEFAULT)) if (told.has(key)) found[key] = told.get(key);
  if (!TARGETS.some(([name]) => name === found.to)) found.to = DEFAULT.to;
  return found;
}

/** Keep the choices in the address, those that are not the default. */
export function keep(choices) {
  const told = Object.entries(choices).filter(([key, value]) => value !== DEFAULT[key]);
  const fragment = new URLSearchParams(told).toString();
  history.replaceState(null, "", fragment ? `#${fragment}` : location.pathname);
}
