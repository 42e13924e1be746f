// Starts a DID directory (PLC) in memory and a real Bluesky PDS, both on free loopback ports, and prints one JSON line
// when they are ready. From the environment: DATA_DIR, ADMIN_PASSWORD, JWT_SECRET, RATE_LIMITS=1,
// APP_VIEW (an address), TOLD_TIME=1 (its clock goes by what requests say).
// Ends on SIGTERM, and when standard input closes, so that it never outlives whoever started it.
import fs from 'node:fs'
import http from 'node:http'
import { createRequire } from 'node:module'
import net from 'node:net'
import path from 'node:path'
import { randomBytes } from 'node:crypto'
import * as plc from '@did-plc/server'
import { PDS } from '@atproto/pds'

const { DATA_DIR, ADMIN_PASSWORD, JWT_SECRET, RATE_LIMITS, APP_VIEW, TOLD_TIME } = process.env
const LOOPBACK = '127.0.0.1'

// Neither server can be told an address, and by itself each would listen on every interface.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (first, ...rest) {
  return typeof first === 'number' ? listen.call(this, first, LOOPBACK, ...rest) : listen.call(this, first, ...rest)
}

// The clock of the whole process goes by the milliseconds that a request names in its header x-test-clock: an hour is
// over when a test says so.
const goByRequests = () => {
  const Machine = Date
  let ahead = 0
  globalThis.Date = class extends Machine {
    constructor(...given) {
      given.length ? super(...given) : super(Machine.now() + ahead)
    }
    static now() {
      return Machine.now() + ahead
    }
  }
  const emit = http.Server.prototype.emit
  http.Server.prototype.emit = function (event, request, ...rest) {
    const told = event === 'request' && Number(request.headers['x-test-clock'])
    if (told) ahead = told - Machine.now()
    return emit.call(this, event, request, ...rest)
  }
  const writeHead = http.ServerResponse.prototype.writeHead
  http.ServerResponse.prototype.writeHead = function (...given) {
    this.setHeader('Date', new Date().toUTCString()) // Node's own has a clock of its own
    return writeHead.apply(this, given)
  }
  // A window of rate limits ends by a timer, which knows nothing of this.
  const require = createRequire(import.meta.url)
  const windows = require('./node_modules/rate-limiter-flexible/lib/component/MemoryStorage/MemoryStorage.js').prototype
  const incrby = windows.incrby
  windows.incrby = function (key, ...rest) {
    if (this._storage[key]?.expiresAt <= new Date()) this.delete(key)
    return incrby.call(this, key, ...rest)
  }
}
if (TOLD_TIME === '1') goByRequests()

// Both must know their port before they listen.
const freePort = () =>
  new Promise((resolve, reject) => {
    const probe = net.createServer().on('error', reject)
    probe.listen(0, () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })

const plcPort = await freePort()
const directory = plc.PlcServer.create({ db: plc.Database.mock(), port: plcPort })
await directory.start()

// The directory lives in memory, so a data folder is of no use to a second run: both always start fresh.
const port = await freePort()
const data = path.join(DATA_DIR, 'data')
fs.mkdirSync(data)
const pds = await PDS.fromEnv({
  devMode: true, // plain http, host name "localhost"
  port,
  hostname: 'localhost',
  didPlcUrl: `http://${LOOPBACK}:${plcPort}`,
  dataDirectory: data,
  blobstoreDiskLocation: path.join(DATA_DIR, 'blobs'),
  serviceHandleDomains: ['.test'],
  inviteRequired: false,
  adminPassword: ADMIN_PASSWORD,
  jwtSecret: JWT_SECRET,
  plcRotationKeyK256PrivateKeyHex: randomBytes(32).toString('hex'),
  // There is no AppView, unless we are given one, and no moderation service: nothing listens there.
  bskyAppViewUrl: APP_VIEW || `http://${LOOPBACK}:1`,
  bskyAppViewDid: 'did:example:invalid',
  modServiceUrl: `http://${LOOPBACK}:1`,
  modServiceDid: 'did:example:invalid',
  disableSsrfProtection: true, // the directory is on loopback
  rateLimitsEnabled: RATE_LIMITS === '1',
  crawlers: [],
})
await pds.start()

let closing = false
const close = async () => {
  if (closing) return
  closing = true
  await pds.destroy()
  await directory.destroy()
  fs.rmSync(DATA_DIR, { recursive: true, force: true }) // whoever made it may have been killed
  process.exit(0)
}
process.on('SIGTERM', close)
process.stdin.on('end', close).resume()
console.log(JSON.stringify({ url: `http://localhost:${port}` }))
