import { defineConfig, type Plugin } from "vite";

/** What ONNX Runtime's glue asks for when nobody gave it the runtime. The bundler would put those 14 MB into the file, as text, once for each. */
const ASKED = 'new URL("ort-wasm-simd-threaded.wasm",import.meta.url)';
const TIMES = 2;

/** The worker always gives the runtime, checked, as bytes: an address is never needed, and there is none. */
const withoutRuntime: Plugin = {
  name: "without-runtime",
  enforce: "pre",
  transform(code, id) {
    if (!id.includes("onnxruntime-web")) return null;
    if (code.split(ASKED).length !== TIMES + 1) throw new Error("ONNX Runtime asks for its runtime in another way than before: read its bundle again");
    return code.replaceAll(ASKED, 'new URL("about:blank")');
  },
};

/**
 * The worker that reads the camera, as a file of its own with ONNX Runtime's glue inside: it is loaded after a yes, and only then. The runtime itself
 * (`ort-wasm-simd-threaded.wasm`) is no part of it: its address and hash come from whoever starts the worker.
 */
export default defineConfig({
  plugins: [withoutRuntime],
  build: {
    target: "es2022",
    emptyOutDir: false,
    lib: { entry: "src/vision/worker.ts", formats: ["es"], fileName: () => "worker.js" },
    rolldownOptions: { output: { codeSplitting: false, keepNames: true } },
    reportCompressedSize: false,
  },
  logLevel: "error",
});
