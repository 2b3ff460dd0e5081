// cache_suite_run.mjs FOLDER BASE [ID] - runs the public cache test suite that npm put into FOLDER
// against the cache at BASE, or only the test ID, with its dialogue. Prints one JSON array: id,
// suite, name, kind and result of each test, "pass" or why not.
import { createRequire } from 'module'
import { pathToFileURL } from 'url'
import path from 'path'

const [folder, base, id] = process.argv.slice(2)
const suite = path.join(path.resolve(folder), 'node_modules', 'http-cache-tests')
const load = file => import(pathToFileURL(path.join(suite, file)))
const fetch = createRequire(path.join(suite, 'cli.mjs'))('node-fetch')

const { runTests, getResults } = await load('client/runner.mjs')
const { default: groups } = await load('tests/index.mjs')

const all = new Map()
for (const group of groups) {
  group.tests = group.tests.filter(test => !test.browser_only && (!id || test.id === id))
  for (const test of group.tests) {
    test.dump = Boolean(id)
    all.set(test.id, { id: test.id, suite: group.name, name: test.name, kind: test.kind || 'required',
                       needs: test.depends_on || [] })
  }
}
console.log = (...words) => console.error(...words) // the dialogue

await runTests(groups, fetch, false, base)

// As the suite's own page judges: what a test depends on must have passed, too.
const results = getResults()
const hasPassed = name => results[name] === true && (all.get(name)?.needs ?? []).every(hasPassed)
const judge = test => {
  const found = results[test.id]
  if (found !== true) return found ? `${found[0]}: ${found[1]}` : 'was not run'
  const missing = test.needs.find(name => !id && !hasPassed(name))
  return missing ? `depends on ${missing}` : 'pass'
}
const report = JSON.stringify([...all.values()].map(test => ({ ...test, result: judge(test) })))
process.stdout.write(report, () => process.exit(0)) // connections that are kept alive would hold it
