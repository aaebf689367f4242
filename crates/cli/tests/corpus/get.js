// Asks for a page with node's http module, and tells the code of the error.
// What is the default from version 20 on.
require("net").setDefaultAutoSelectFamily?.(true);
const failed = (error) => {
  console.error(`${error.name} ${error.code}`);
  process.exitCode = 1;
};
require("http")
  .get("http://shop.test/", (response) => {
    response.on("error", failed);
    response.resume();
  })
  .on("error", failed);
