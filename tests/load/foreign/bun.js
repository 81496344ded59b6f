// Bun, which contains uWebSockets: `bun bun.js PORT [--deflate ctx|noctx]`.
const port = Number(process.argv[2]);
const at = process.argv.indexOf('--deflate');
const context = at > 0 ? process.argv[at + 1] : null;
const compressor = context === 'ctx' ? 'dedicated' : 'shared';

Bun.serve({
  port,
  hostname: '127.0.0.1',
  fetch(request, server) {
    return server.upgrade(request) ? undefined : new Response('no', { status: 400 });
  },
  websocket: {
    maxPayloadLength: 128 << 20,
    backpressureLimit: 1 << 30,
    idleTimeout: 0,
    perMessageDeflate: context ? { compress: compressor, decompress: compressor } : false,
    message(socket, message) {
      socket.send(message, context !== null);
    },
  },
});
