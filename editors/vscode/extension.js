// Starts `bclsh lsp` and connects the editor with it.
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

function start() {
  const command = vscode.workspace.getConfiguration("bclsh").get("path") || "bclsh";
  client = new LanguageClient("bclsh", "bclsh", { command, args: ["lsp"] }, {
    documentSelector: [{ language: "bcl" }],
  });
  client.start().catch((error) => {
    vscode.window.showErrorMessage(`bclsh: '${command} lsp' can't be started (${error.message}). Set bclsh.path to the binary.`);
  });
}

async function stop() {
  const old = client;
  client = undefined;
  if (old) await old.stop().catch(() => undefined);
}

exports.activate = (context) => {
  const restart = async () => {
    await stop();
    start();
  };
  context.subscriptions.push(
    vscode.commands.registerCommand("bclsh.restart", restart),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("bclsh.path")) restart();
    }),
  );
  start();
};

exports.deactivate = stop;
