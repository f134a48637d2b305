// How the pages are built: static files that need no inline script, no inline style and nothing from elsewhere, so that
// the Content-Security-Policy of crates/strongroom-server/src/web.rs holds.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const server = process.env.STRONGROOM_URL ?? 'http://127.0.0.1:8750';

export default defineConfig({
  plugins: [react()],
  // An inlined asset would be a data: URL.
  build: { assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false },
  // `npm run dev` beside a running `strongroom serve`. The session's cookie counts for pages of the server's own origin.
  server: { proxy: { '/api': { target: server, changeOrigin: true, headers: { origin: server } } } },
});
