// Prints the models of the official client's typings, one field on a line:
//
//     tke CreateImageCache request Tags[].Key string optional
//
// A list has a line of its own, and its elements have []. An action without fields has a line that ends after its name.
"use strict"

const fs = require("node:fs")
const path = require("node:path")
const parser = require("@babel/parser")

const services = require("./services.json")

// declarations returns what a file of typings exports, by name.
function declarations(file) {
  const { program } = parser.parse(fs.readFileSync(file, "utf8"), {
    sourceType: "module",
    plugins: [["typescript", { dts: true }]],
  })
  const exported = program.body.filter((node) => node.type === "ExportNamedDeclaration" && node.declaration)
  return new Map(exported.map(({ declaration }) => [declaration.id.name, declaration]))
}

// methods returns the names of the request and of the answer of each action.
function methods(file) {
  const found = new Map()
  for (const member of declarations(file).get("Client").body.body) {
    if (member.kind !== "method") continue
    const [answer] = member.returnType.typeAnnotation.typeParameters.params // of the promise
    const request = member.parameters ? member.parameters[0] : member.params[0]
    found.set(member.key.name, {
      request: request.typeAnnotation.typeAnnotation.typeName.name,
      answer: answer.typeName.name,
    })
  }
  return found
}

const scalars = { TSStringKeyword: "string", TSNumberKeyword: "number", TSBigIntKeyword: "number", TSBooleanKeyword: "boolean" }

// kindOf returns the JSON kind of a type, and for a list or an object what is in it.
function kindOf(type) {
  if (scalars[type.type]) return { kind: scalars[type.type] }
  if (type.type === "TSUnionType") {
    const kinds = new Set(type.types.filter((t) => t.type !== "TSNullKeyword").map((t) => kindOf(t).kind))
    if (kinds.size === 1) return { kind: [...kinds][0] }
  }
  if (type.type === "TSTypeReference") {
    if (type.typeName.name === "Array") return { kind: "list", of: type.typeParameters.params[0] }
    return { kind: "object", name: type.typeName.name }
  }
  throw new Error(`a type that is not known here: ${JSON.stringify(type)}`)
}

// fields yields the lines of an interface, those of nested ones included.
function* fields(models, name, prefix) {
  const declaration = models.get(name)
  if (!declaration) throw new Error(`the typings have no ${name}`)
  if (declaration.type === "TSTypeAliasDeclaration" && declaration.typeAnnotation.type === "TSNullKeyword") return
  for (const member of declaration.body.body) {
    yield* field(models, member.typeAnnotation.typeAnnotation, prefix + member.key.name, member.optional ? "optional" : "required")
  }
}

function* field(models, type, at, presence) {
  const { kind, of, name } = kindOf(type)
  if (!at.endsWith("[]") || kind !== "object") yield `${at} ${kind} ${presence}`
  if (kind === "list") yield* field(models, of, at + "[]", "required")
  if (kind === "object") yield* fields(models, name, at + ".")
}

function* lines() {
  for (const [service, { version, actions }] of Object.entries(services)) {
    const folder = path.dirname(require.resolve(`tencentcloud-sdk-nodejs/tencentcloud/services/${service}/${version}`))
    const models = declarations(path.join(folder, `${service}_models.d.ts`))
    for (const [action, { request, answer }] of methods(path.join(folder, `${service}_client.d.ts`))) {
      if (!new RegExp(actions).test(action)) continue
      yield `${service} ${action}`
      for (const line of fields(models, request, "")) yield `${service} ${action} request ${line}`
      for (const line of fields(models, answer, "")) yield `${service} ${action} answer ${line}`
    }
  }
}

process.stdout.write([...lines()].sort().join("\n") + "\n")
