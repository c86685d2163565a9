#!/usr/bin/env bash
# tencentcloud-sdk-nodejs-sts 4.1.100 with -common 4.1.220 (Tencent's official client for Node): the typings say of AssumeRoleWithSAML and
# AssumeRoleWithWebIdentity that Authorization must be SKIP, which is how a caller without keys uses them. The methods sign all the same,
# with whatever keys the client has, unless an undeclared second argument asks for it: {skipSign: true} in the place of the callback.
# Output seen on 2026-11-27, with Node 20.20.2:
#   typings that ask for SKIP: 2
#   AssumeRoleWithSAML: TC3-HMAC-SHA256
#   AssumeRoleWithSAML with {skipSign: true}: SKIP
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

let title = "AssumeRoleWithSAML"
const server = http.createServer((request, response) => {
  request.resume()
  request.on("end", () => {
    console.log(`${title}: ${request.headers.authorization.split(" ")[0]}`)
    response.setHeader("Content-Type", "application/json")
    response.end('{"Response":{"RequestId":"r"}}')
  })
})

server.listen(0, "127.0.0.1", async () => {
  const client = new sts.v20180813.Client({
    credential: { secretId: "id", secretKey: "key" },
    region: "ap-guangzhou",
    profile: { httpProfile: { protocol: "http://", endpoint: "127.0.0.1:" + server.address().port } },
  })
  const request = { SAMLAssertion: "a", PrincipalArn: "p", RoleArn: "r", RoleSessionName: "s" }
  await client.AssumeRoleWithSAML(request)
  title += " with {skipSign: true}"
  await client.AssumeRoleWithSAML(request, { skipSign: true })
  server.close()
})
J
{
  typings="$(find node_modules/tencentcloud-sdk-nodejs-sts -name sts_client.d.ts)"
  echo "typings that ask for SKIP: $(grep -c SKIP "$typings")"
  node try.js
} | tee seen
cat >expected <<'W'
typings that ask for SKIP: 2
AssumeRoleWithSAML: TC3-HMAC-SHA256
AssumeRoleWithSAML with {skipSign: true}: SKIP
W
diff expected seen
