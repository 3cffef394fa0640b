// A request to a worker that does one at a time: a promise of the `result` of its answer, which is { result } or { error }.
export function askWorker(worker, message, transfer = []) {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data: { result, error } }) => (error ? reject(Object.assign(new Error(error.message), { name: error.name })) : resolve(result));
    worker.onerror = (event) => reject(new Error(event.message || "the worker did not start"));
    worker.postMessage(message, transfer);
  });
}
