#!/usr/bin/env node
import { App } from 'aws-cdk-lib';
import { PlatformStack } from '../lib/platform/platform-stack.ts';
import { bundleLambdas } from '../lib/shared/bundle.ts';

await bundleLambdas();
const app = new App();
new PlatformStack(app, 'HashInsightPlatform');
app.synth();
