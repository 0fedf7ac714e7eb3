import { defineConfig } from "vite";

/** One file of ES modules with what it depends on inside: a page loads it from its mien server and from nowhere else. */
export default defineConfig({
  build: {
    target: "es2022",
    lib: { entry: "src/index.ts", formats: ["es"], fileName: () => "mien.js" },
    sourcemap: false,
    minify: true,
    reportCompressedSize: false,
  },
});
