// SPDX-License-Identifier: MIT
//
// tls.js -- an echo server over TLS, as tls.lua has one.
const fs = require('fs')
const tls = require('tls')

const directory = process.argv[2]
const own = {cert: fs.readFileSync(directory + '/db.pem'), key: fs.readFileSync(directory + '/db.key')}
const server = tls.createServer(own, c => {
  c.setNoDelay()
  c.on('data', bytes => c.write(bytes))
  c.on('error', () => {})
})
server.listen(0, '127.0.0.1', 4096, () => console.log(server.address().port))
