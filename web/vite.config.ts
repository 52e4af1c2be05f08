import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `npm run dev` shows the pages of this folder over the data of a program that runs already.
const program = process.env["BARRACUDA"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  base: "/admin/",
  plugins: [react()],
  server: { proxy: { "/api": program, "/readyz": program, "/metrics": program, "^/setup": program } },
  build: {
    target: "es2023",
    // The policy allows no inline script, style or picture.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
