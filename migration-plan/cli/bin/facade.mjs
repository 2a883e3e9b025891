#!/usr/bin/env node
import { runOnProjectNode } from './bootstrap.mjs';

runOnProjectNode('facade/main.ts');
