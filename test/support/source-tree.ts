import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import ts from 'typescript'

/** Path below `src` -> source text. */
export type Tree = ReadonlyMap<string, string>

export interface Import {
  /** A path below `src`, or the name of a package or of a module of Node. */
  target: string
  external: boolean
  typeOnly: boolean
  names: readonly string[]
}

export const readTree = (folder: string): Tree => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => file.replaceAll('\\', '/'))
  const sources = files.filter((file) => file.endsWith('.ts')).sort()
  return new Map(sources.map((file) => [file, readFileSync(join(folder, file), 'utf8')]))
}

export const parse = (file: string, source: string): ts.SourceFile =>
  ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true)

/** Every node of a file, outermost first. */
export function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node
  const children: ts.Node[] = []
  node.forEachChild((child) => void children.push(child))
  for (const child of children) yield* nodesOf(child)
}

const moduleNameOf = (node: ts.Node): ts.Node | undefined => {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined
  if (ts.isExternalModuleReference(node)) return node.expression
  if (!ts.isCallExpression(node)) return undefined
  const loads = node.expression.kind === ts.SyntaxKind.ImportKeyword || node.expression.getText() === 'require'
  return loads ? node.arguments[0] : undefined
}

const importedNames = (node: ts.Node): string[] => {
  if (!ts.isImportDeclaration(node)) return ['*']
  const clause = node.importClause
  const bindings = clause?.namedBindings
  const named =
    bindings && ts.isNamedImports(bindings) ? bindings.elements.map((e) => (e.propertyName ?? e.name).text) : []
  const whole = bindings && ts.isNamespaceImport(bindings) ? ['*'] : []
  return [...(clause?.name ? ['default'] : []), ...whole, ...named]
}

const isTypeOnly = (node: ts.Node) => {
  if (ts.isImportDeclaration(node)) return node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
  if (ts.isExportDeclaration(node)) return node.isTypeOnly
  return ts.isImportTypeNode(node)
}

/** What a file imports in whatever way: `import`, `export from`, `import()`, `require()`, `import('x').Type`. */
export const importsOf = (file: string, source: string): Import[] =>
  [...nodesOf(parse(file, source))].flatMap((node) => {
    const name = moduleNameOf(node)
    if (!name || !ts.isStringLiteralLike(name)) return []
    const external = !name.text.startsWith('.')
    const target = external ? name.text : posix.join(posix.dirname(file), name.text).replace(/\.js$/, '.ts')
    return [{ target, external, typeOnly: isTypeOnly(node), names: importedNames(node) }]
  })

const isKey = (node: ts.Identifier) => {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node
  return (
    (ts.isPropertyAssignment(parent) ||
      ts.isPropertyDeclaration(parent) ||
      ts.isPropertySignature(parent) ||
      ts.isMethodDeclaration(parent) ||
      ts.isMethodSignature(parent) ||
      ts.isGetAccessor(parent) ||
      ts.isSetAccessor(parent)) &&
    parent.name === node
  )
}

/** The names a file uses as values, types and keys left out: `Date`, and `Math.random` for a name with its property. */
export const valuesNamedIn = (file: string, source: string): string[] =>
  [...nodesOf(parse(file, source))].flatMap((node) => {
    if (!ts.isIdentifier(node) || isKey(node) || ts.isPartOfTypeNode(node)) return []
    const { parent } = node
    if (ts.isPropertyAccessExpression(parent)) return [`${node.text}.${parent.name.text}`]
    return [node.text]
  })
