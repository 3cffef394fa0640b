// ONNX Runtime Web in the worker: loads it, with WebGPU where there is one, and opens graphs.
import { site } from "./site.js";

const MAX_THREADS = 4;
const ERRORS = 3; // level of the log; warnings are about where nodes run
const urlOf = (path) => new URL(path, import.meta.url).href;
const kernelGraphs = new Map(); // name -> its ONNX graph, a promise
let loading = null;

// { ort, network, device }: the runtime, the network's session, and "webgpu" or "wasm".
export const loadNetwork = () => (loading ??= openNetwork());

async function openNetwork() {
  for (const [name, path] of Object.entries(site.network.kernels)) kernelGraphs.set(name, fetchBytes(path));
  const weights = fetchBytes(site.network.weights);
  if (await hasGraphicsProcessor()) {
    try {
      return await open("webgpu", await weights);
    } catch (error) {
      console.info(`WebGPU cannot run the network: ${error.message}`);
    }
  }
  return open("wasm", await weights);
}

// The runtime with WebGPU needs promises in WebAssembly (JSPI). A graphics processor that is only imitated is slower than none.
async function hasGraphicsProcessor() {
  if (!navigator.gpu || !("Suspending" in WebAssembly)) return false;
  const adapter = await navigator.gpu.requestAdapter().catch(() => null);
  return Boolean(adapter) && !adapter.info?.isFallbackAdapter;
}

async function open(device, weights) {
  const { module, wasm } = site.network.runtimes[device], ort = await import(urlOf(module));
  ort.env.wasm.wasmPaths = { wasm: urlOf(wasm) };
  ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(MAX_THREADS, Math.max(1, Math.floor(navigator.hardwareConcurrency / 2))) : 1;
  ort.env.logLevel = "error";
  const network = await ort.InferenceSession.create(weights, { executionProviders: [device], logSeverityLevel: ERRORS });
  return { ort, network, device, kernels: new Map() };
}

// Runs a pixel kernel, always on the processor. `inputs` are { name: [data, shape] }; returns the data of its output.
export async function runKernel(name, inputs) {
  const { ort, kernels } = await loadNetwork();
  if (!kernels.has(name)) kernels.set(name, kernelGraphs.get(name).then((graph) => ort.InferenceSession.create(graph, { executionProviders: ["wasm"], logSeverityLevel: ERRORS })));
  const session = await kernels.get(name);
  const feeds = Object.fromEntries(Object.entries(inputs).map(([key, [data, shape]]) => [key, new ort.Tensor("float32", data, shape)]));
  const results = await session.run(feeds);
  return results[session.outputNames[0]];
}

// Runs the network on an input of 1 x 3 x height x width; returns { alpha, presence }: Float32Array 0..1 and a number.
export async function runNetwork({ data, width, height }) {
  const { ort, network } = await loadNetwork(), results = await network.run({ [network.inputNames[0]]: new ort.Tensor("float32", data, [1, 3, height, width]) });
  const output = await results[network.outputNames[0]].getData(), area = width * height;
  return { alpha: Float32Array.from(output.subarray(0, area), (v) => Math.min(1, Math.max(0, v))), presence: site.network.output.presence ? output[area] : 1 };
}

async function fetchBytes(path) {
  const response = await fetch(urlOf(path));
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
