// URLs of the server. This module is at app/assets/modules/ below the server's root, which may be a path of a proxy.

const ROOT = new URL("../../../", import.meta.url);

// path: relative to the server's root, without a leading slash.
export const address = (path) => new URL(path, ROOT);
