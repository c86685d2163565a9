#!/usr/bin/env bash
# tencentcloud-sdk-nodejs-sts 4.1.100 with -common 4.1.220 (Tencent's official client for Node): the service in the scope of a signature
# is what stands before the first dot of the endpoint. With the usual host, sts.tencentcloudapi.com, that is "sts"; with an endpoint that
# is an address, such as a private or local one, it is the first number of the address, which no service verifies. The client takes
# neither a service nor a path. Output seen on 2026-11-27, with Node 20.20.2:
#   GetCallerIdentity at 127.0.0.1: signed for service 127
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >package.json <<'J'
{"dependencies": {"tencentcloud-sdk-nodejs-sts": "4.1.100", "tencentcloud-sdk-nodejs-common": "4.1.220"}}
J
npm install --silent --no-audit --no-fund
cat >try.js <<'J'
const http = require("http")
const { sts } = require("tencentcloud-sdk-nodejs-sts")

const server = http.createServer((request, response) => {
  request.resume()
  request.on("end", () => {
    const scope = /Credential=[^/]*\/[^/]*\/([^/]*)\//.exec(request.headers.authorization)
    console.log(`${request.headers["x-tc-action"]} at 127.0.0.1: signed for service ${scope[1]}`)
    response.setHeader("Content-Type", "application/json")
    response.end('{"Response":{"RequestId":"r"}}')
  })
})

server.listen(0, "127.0.0.1", async () => {
  const endpoint = "127.0.0.1:" + server.address().port
  const client = new sts.v20180813.Client({
    credential: { secretId: "id", secretKey: "key" },
    region: "ap-guangzhou",
    profile: { httpProfile: { protocol: "http://", endpoint } },
  })
  await client.GetCallerIdentity({})
  server.close()
})
J
node try.js | tee seen
echo "GetCallerIdentity at 127.0.0.1: signed for service 127" | diff - seen
