package hwmodel

// Causes is what a cycle of an engine's array may be spent on, in the order of the codes with which an emitted
// simulation counts them; an engine may have fewer. All but the first are lost.
var Causes = [...]string{
	"beats",    // operands are fed, padding included
	"drain",    // a slot is longer than its beats
	"weights",  // the tile column's weights are not there yet
	"rows",     // LayerNorm or the patch gather has not made the row tile yet
	"softmax",  // the row tile's numerators are not there yet
	"pipeline", // an op before, whose result is read, has not left the array
	"start",    // an op starts, or its descriptor is on its way
	"image",    // the image is not there yet
	"store",    // the result is written
}
