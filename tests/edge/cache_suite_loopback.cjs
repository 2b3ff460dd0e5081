// cache_suite_loopback.cjs - loaded before the public suite's origin, which would listen on every
// interface: whatever listens on a port without naming an address gets 127.0.0.1.
const net = require('net')

const listen = net.Server.prototype.listen

net.Server.prototype.listen = function (...args) {
  const isPort = typeof args[0] === 'number' || /^[0-9]+$/.test(args[0])

  if (isPort && typeof args[1] !== 'string') args.splice(1, 0, '127.0.0.1')
  return listen.apply(this, args)
}
