// Makes calls with the official client: one JSON object on each line of the standard input is a call, one on each line of
// the standard output is what the client returned or threw. Calls run at the same time, so each has a number.
"use strict"

const http = require("node:http")
const net = require("node:net")
const readline = require("node:readline")

const services = require("./services.json")

// agentTo returns an agent whose connections all lead to a port of loopback, whatever the host: the client signs the host
// without a port and takes the service's name from it, so an endpoint such as 127.0.0.1:8080 has no valid signature.
function agentTo(port) {
  const agent = new http.Agent()
  agent.createConnection = () => net.connect(port, "127.0.0.1")
  return agent
}

function newClient({ service, region, credential, port }) {
  const { version } = services[service]
  const { Client } = require(`tencentcloud-sdk-nodejs/tencentcloud/services/${service}/${version}`)[version]
  const httpProfile = { protocol: "http://", endpoint: `${service}.tencentcloudapi.com`, agent: agentTo(port), reqTimeout: 60 }
  return new Client({ credential, region, profile: { language: "en-US", httpProfile } })
}

// perform calls the method of the action. What stands in the place of a callback becomes the client's options.
async function perform(call) {
  try {
    const response = await newClient(call)[call.action](call.request, call.options ?? {})
    return { response }
  } catch (e) {
    return { error: { code: e.code, message: e.message, requestId: e.requestId, httpCode: e.httpCode } }
  }
}

readline.createInterface({ input: process.stdin }).on("line", async (line) => {
  const call = JSON.parse(line)
  const answer = await perform(call)
  process.stdout.write(JSON.stringify({ number: call.number, ...answer }) + "\n")
})
