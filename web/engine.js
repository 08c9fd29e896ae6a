/** The page's side of the worker: it is asked, and may be stopped and started again. */

/** The versions of what runs in the worker come as `ready`; `step` is how far its start is. */
export class Engine {
  constructor({ onStep, onReady, onFailed, onWritten }) {
    Object.assign(this, { onStep, onReady, onFailed, onWritten });
    this.#start();
  }

  #worker;
  #waiting = new Map();
  #last = 0;

  #start() {
    // A worker made of a blob is under this page's Content-Security-Policy. One that is made of a
    // file would have that of the file's own headers alone, and a plain server sends none.
    const source = `import ${JSON.stringify(new URL("./worker.js", import.meta.url).href)};`;
    const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    this.#worker = new Worker(address, { type: "module" });
    this.#worker.addEventListener("message", ({ data }) => this.#heard(data));
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.onFailed(event.message || "the worker did not start");
    });
  }

  #heard(data) {
    if (data.step) this.onStep(data.step);
    else if (data.ready) this.onReady(data.ready);
    else if (data.written) this.onWritten(data.written, data.size);
    else if (data.id === undefined) this.onFailed(data.failed);
    else {
      const { resolve, reject } = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if (data.answer) resolve(data.answer);
      else {
        reject(new Error(data.failed));
        this.stop(); // Python is not to be trusted after it has broken down
      }
    }
  }

  /** The answer to a question. It is null if the worker was stopped before. */
  ask(asked) {
    const id = ++this.#last;
    this.#worker.postMessage({ id, ...asked });
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  /** End what runs, whatever it does, and start anew. */
  stop() {
    this.#worker.terminate();
    for (const { resolve } of this.#waiting.values()) resolve(null);
    this.#waiting.clear();
    this.#start();
  }
}
