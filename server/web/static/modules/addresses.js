// Addresses of the server, wherever it is: this module is at app/assets/modules/ below its root, which may be a path of a proxy.

const ROOT = new URL("../../../", import.meta.url);

// path: from the server's root, without a slash before it.
export const address = (path) => new URL(path, ROOT);
