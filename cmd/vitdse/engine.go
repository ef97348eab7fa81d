package main

import "vitdse/emit/engines"

// engine is the engine that designs are of.
var engine = engines.Default()
