// Validates GLB files with the validator of the Khronos Group; any error or warning is a failure.
//
//   node validate_glb.js FILE...
const fs = require("fs");
const validator = require("gltf-validator");

async function main() {
  let failed = 0;
  for (const file of process.argv.slice(2)) {
    const bytes = new Uint8Array(fs.readFileSync(file));
    const { issues } = await validator.validateBytes(bytes, { uri: file });
    console.log(`${file}: ${issues.numErrors} errors, ${issues.numWarnings} warnings`);
    if (issues.numErrors + issues.numWarnings > 0) {
      failed += 1;
      console.log(issues.messages.filter((m) => m.severity < 2));
    }
  }
  process.exit(failed ? 1 : 0);
}

main();
