import { defineConfig } from "vite";

/** One file of ES modules with what it depends on inside: a page loads it from its mien server and from nowhere else. */
export default defineConfig({
  build: {
    target: "es2022",
    lib: { entry: "src/index.ts", formats: ["es"], fileName: () => "mien.js" },
    // The sealing library asks Node for WebCrypto where a platform has none: a browser has it, so what stands in for Node's stays inside and unused.
    // Errors are told apart by name in a log, so classes keep theirs.
    rolldownOptions: { output: { codeSplitting: false, keepNames: true } },
    reportCompressedSize: false,
  },
  logLevel: "error",
});
