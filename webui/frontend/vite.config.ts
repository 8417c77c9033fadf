import { defineConfig } from "vite";
import { smallElk } from "./elk";
import { symbols } from "./symbols";

export default defineConfig({
  base: "/static/dist/",
  publicDir: false,
  plugins: [smallElk(), symbols()],
  build: {
    outDir: "../static/dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    assetsDir: ".",
    assetsInlineLimit: 0,
    cssTarget: "chrome123",
    modulePreload: { polyfill: false },
    rollupOptions: { input: "src/main.ts" },
    chunkSizeWarningLimit: 400,
  },
  test: { environment: "happy-dom", include: ["src/**/*.test.ts", "elk/**/*.test.ts", "symbols/**/*.test.ts"] },
} as Parameters<typeof defineConfig>[0]);
