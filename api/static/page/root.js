// Where the service is: all its addresses may begin with a prefix, which this file's own shows.
// @ts-check

const root = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");

/** An address of the service below its prefix. @param {string} path from the root on, such as `/help` */
export const ownAddress = (path) => root + path;
