#!/usr/bin/env node
console.log('fig', process.version);
