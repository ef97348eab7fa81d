package configs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"vitdse/configs/network"
)

// Validate says everything that is wrong with the design as one for model m on part
// p, both valid, each fault with its key in the design file. The array's shape is
// held against the model here, so that no point that cannot be built is priced.
func (d Design) Validate(m Model, p Part) error {
	var f faults
	d.checkTop(&f, m)
	if d.Part != p.Name {
		f.add("part", "is %s; expected %q, the part it is checked for", quoted(d.Part), p.Name)
	}
	layers := layersOf(m)
	d.Numerics.check(&f, m, layers)
	d.Engine.check(&f, m, layers)
	d.checkGroups(&f)
	d.Engine.checkPart(&f, p)
	return f.join()
}

func (d Design) checkTop(f *faults, m Model) {
	validName(f, "name", d.Name)
	if d.Model != m.Name {
		f.add("model", "is %s; expected %q, the model it is checked for", quoted(d.Model), m.Name)
	}
	checkClock(f, "clock_mhz", d.ClockMHz)
}

// Validate says everything that is wrong with the numerics for a model, each with its key.
func (n Numerics) Validate(m Model) error {
	var f faults
	n.check(&f, m, layersOf(m))
	return f.join()
}

func (n Numerics) check(f *faults, m Model, layers []network.Layer) {
	n.checkUnits(f)
	n.checkLayers(f, m, layers)
}

// checkUnits checks the non-linear units and the calibration.
func (n Numerics) checkUnits(f *faults) {
	f.within("numerics.softmax_bits", n.SoftmaxBits, 2, 8)
	f.within("numerics.gelu_bits", n.GELUBits, 4, 10)
	if !(n.LNFold >= 0 && n.LNFold <= 1) {
		f.add("numerics.ln_fold", "is %g; expected 0..1", n.LNFold)
	}
	if n.CalibImages < 1 {
		f.add("numerics.calib_images", "is %d; expected at least 1", n.CalibImages)
	}
	n.Quantizer.check(f, "numerics.quantizer.")
}

// checkLayers asks for every quantization layer of m exactly once, in any order.
func (n Numerics) checkLayers(f *faults, m Model, layers []network.Layer) {
	names := namesOf(layers)
	at := map[string]int{}
	for _, name := range names {
		at[name] = -1
	}
	for i, l := range n.Layers {
		key := fmt.Sprintf("numerics.layers[%d]", i)
		before, known := at[l.Name]
		switch {
		case !known:
			f.add(key+".name", "is %s, no layer of %s; %s", quoted(l.Name), m.Name, layerHint(l.Name, names))
			continue
		case before >= 0:
			f.add(key+".name", "is %q, which layers[%d] gives already", l.Name, before)
		}
		at[l.Name] = i
		of := layers[slices.Index(names, l.Name)]
		l.check(f, key, of.Weights)
		l.checkGroup(f, key, of)
	}
	for _, name := range names {
		if at[name] < 0 {
			f.add("numerics.layers", "lacks %s; expected every layer of %s once", name, m.Name)
		}
	}
}

// check checks one layer, with stored weights or without, whose keys are under key.
func (l LayerBits) check(f *faults, key string, weights bool) {
	f.within(key+".activations", l.Activations, 2, 8)
	if weights {
		f.within(key+".weights", l.Weights, 2, 8)
		oneOf(f, key+".granularity", l.Granularity, PerLayer, PerChannel, PerGroup)
		switch grouped := l.Granularity == PerGroup; {
		case grouped:
			checkGroupSize(f, key+".group", l.Group)
		case l.Group != 0:
			f.add(key+".group", "is %d; expected no such key, granularity is %q", l.Group, l.Granularity)
		}
		return
	}
	if l.Group != 0 {
		f.add(key+".group", "is %d; expected no such key, %s has no weights", l.Group, l.Name)
	}
	if l.Weights != 0 {
		f.add(key+".weights", "is %d; expected no such key, %s has no weights", l.Weights, l.Name)
	}
	if l.Granularity != "" {
		f.add(key+".granularity", "is %s; expected no such key, %s has no weights", quoted(l.Granularity), l.Name)
	}
}

// minGroup is the smallest group: 4 bits of multiplier for 16 weights add a quarter of a
// bit to each.
const minGroup = 16

// LegalGroup tells whether a design may give so many weights one multiplier.
func LegalGroup(size int) bool { return size >= minGroup && powerOfTwo(size) }

// checkGroup holds a layer's group against the network's, if it is a group at all.
func (l LayerBits) checkGroup(f *faults, key string, of network.Layer) {
	if l.Granularity == PerGroup && LegalGroup(l.Group) {
		checkDivides(f, key+".group", l.Group, of)
	}
}

// checkGroupSize asks for a legal group.
func checkGroupSize(f *faults, key string, size int) {
	if !LegalGroup(size) {
		f.add(key, "is %d; expected a power of two from %d, the weights that share a multiplier", size, minGroup)
	}
}

// checkDivides asks that groups of a size fill a layer's products, and says whether they do.
func checkDivides(f *faults, key string, size int, of network.Layer) bool {
	if of.Inner%size != 0 {
		f.add(key, "is %d; expected a divisor of the inner dimension of %s, %d", size, of.Name, of.Inner)
	}
	return of.Inner%size == 0
}

// checkGroups asks that a word of weights lies within a group.
func (d Design) checkGroups(f *faults) {
	for _, l := range d.Numerics.Layers {
		if l.Granularity == PerGroup && LegalGroup(l.Group) && d.Engine.TK > l.Group {
			f.add("engine.tk", "is %d; expected at most %d, the group of %s", d.Engine.TK, l.Group, l.Name)
			return
		}
	}
}

// layerHint keeps the list of a deep network's layers out of an error message.
func layerHint(name string, names []string) string {
	if best := nearest(name, names); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	list := patterns(names)
	last := len(list) - 1
	return "expected " + strings.Join(list[:last], ", ") + " or " + list[last]
}

var numbered = regexp.MustCompile(`\.\d+\.`)

// patterns are names with numbers left open, each once.
func patterns(names []string) []string {
	var list []string
	for _, name := range names {
		if p := numbered.ReplaceAllString(name, ".N."); !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list
}

func namesOf(layers []network.Layer) []string {
	var names []string
	for _, l := range layers {
		names = append(names, l.Name)
	}
	return names
}

// weightBuffers are the numbers of tile columns whose weights a buffer may hold.
var weightBuffers = []int{1, 2, 4}

// busWidths are the AXI4 data widths the loader is written for.
var busWidths = []int{32, 64, 128, 256, 512}

// check holds the engine against the model.
func (e Engine) check(f *faults, m Model, layers []network.Layer) {
	e.checkTogether(f, m, headDims(layers))
	oneOf(f, "engine.multiplier", e.Multiplier, MulDSP, MulLUT)
	if e.Packing != "" {
		oneOf(f, "engine.packing", e.Packing, PackNone, PackDSP48E1, PackDSP48E2)
	}
	oneOf(f, "engine.bus_bits", e.BusBits, busWidths...)
	if e.ReadFIFO < 32 || e.ReadFIFO > 512 || !powerOfTwo(e.ReadFIFO) {
		f.add("engine.read_fifo", "is %d; expected a power of two, 32..512 beats", e.ReadFIFO)
	}
	if e.AccumulatorBits != 0 {
		f.within("engine.accumulator_bits", e.AccumulatorBits, 8, 40)
	}
	oneOf(f, "engine.weight_buffers", e.WeightBuffers, weightBuffers...)
	for _, b := range e.buffers() {
		oneOf(f, b.key, b.kind, MemAuto, MemBlock, MemLUT, MemUltra)
	}
}

// checkTogether checks what several of the engine's fields say together, or one with the model: all that candidates of
// a space, each legal, can be wrong in.
func (e Engine) checkTogether(f *faults, m Model, headDims []int) {
	if e.checkArray(f) {
		for _, dim := range headDims {
			e.checkHeads(f, dim)
		}
		e.checkClassifiers(f, m.Classifiers())
	}
	if e.Packing.Port() > 0 && e.Multiplier != MulDSP {
		f.add("engine.packing", "is %q; expected none, the multipliers are of LUTs", string(e.Packing))
	}
	if e.Packing.Port() > 0 && e.TN < 2 {
		f.add("engine.packing", "is %q; expected none, a DSP takes two columns and tn is %d", string(e.Packing), e.TN)
	}
	if e.LUTColumns != 0 {
		e.checkMixed(f)
	}
	if e.PatchTokens != 0 {
		e.checkPatchTokens(f, m)
	}
}

// checkMixed checks the columns of a mixed array: both its parts leave in groups of
// vector_columns, and DSPs take columns in pairs.
func (e Engine) checkMixed(f *faults) {
	const key = "engine.lut_columns"
	if e.Packing.Port() == 0 {
		f.add(key, "is %d; expected 0 without packing: a mixed array's other columns have several products a DSP",
			e.LUTColumns)
	}
	if step := max(2, e.Columns()); e.LUTColumns < 0 || e.LUTColumns >= e.TN || e.LUTColumns%step != 0 {
		f.add(key, "is %d; expected a multiple of %d (vector_columns, and pairs of columns share DSPs) from 0, "+
			"less than tn, %d", e.LUTColumns, step, e.TN)
	}
}

// checkPatchTokens checks that the patch gather can read two tokens at a time: the image buffer is two
// memories then, chunks with even numbers and chunks with odd ones, and two tokens' chunks must never
// be in the same.
func (e Engine) checkPatchTokens(f *faults, m Model) {
	const key = "engine.patch_tokens"
	chunk := Chunk(m, e.BusBits)
	switch {
	case e.PatchTokens == 1:
	case e.PatchTokens != 2:
		f.add(key, "is %d; expected 1 or 2", e.PatchTokens)
	case e.TM%2 != 0:
		f.add(key, "is 2; expected 1, tm is %d and a tile has no pairs of tokens", e.TM)
	case e.BusBits < 2*8*chunk:
		f.add(key, "is 2; expected 1, a word of the image buffer is a beat of %d bits: one chunk of %d values, "+
			"where two memories need two", e.BusBits, chunk)
	default:
		if t := samePlace(m, chunk); t >= 0 {
			f.add(key, "is 2; expected 1, the chunks of tokens %d and %d are an even number of chunks of %d values apart in "+
				"the image, so in the same of two memories", t, t+1, chunk)
		}
	}
}

// Chunk is how many values of a patch the engine reads in a cycle for a token: the largest power of two that
// neither a beat of the bus nor a row of a patch cuts.
func Chunk(m Model, busBits int) int {
	chunk := max(1, busBits/8)
	for m.Patch*m.Image.Channels%chunk != 0 {
		chunk /= 2
	}
	return chunk
}

// samePlace is the first of two neighbouring tokens, the first even, that are patches an even number of
// chunks apart in the image; -1 if there are none.
func samePlace(m Model, chunk int) int {
	across := m.Image.Width / m.Patch
	corner := func(token int) int { // in chunks
		patch := token - m.PrefixTokens()
		return (patch/across*m.Patch*m.Image.Width + patch%across*m.Patch) * m.Image.Channels / chunk
	}
	for t := 0; t+1 < m.Tokens(); t += 2 {
		if t >= m.PrefixTokens() && (corner(t+1)-corner(t))%2 == 0 {
			return t
		}
	}
	return -1
}

// checkArray checks the shape of the array alone: three powers of two, tk at most tn, since
// a tile's columns are stored in words of tk. It follows that tk divides tn, and that of any
// two of the three one divides the other.
func (e Engine) checkArray(f *faults) bool {
	before := len(f.errs)
	for _, s := range []struct {
		key string
		v   int
	}{{"engine.tm", e.TM}, {"engine.tn", e.TN}, {"engine.tk", e.TK}} {
		if s.v < 1 || s.v > 128 || !powerOfTwo(s.v) {
			f.add(s.key, "is %d; expected a power of two, 1..128", s.v)
		}
	}
	if e.TK > e.TN {
		f.add("engine.tk", "is %d; expected at most tn, %d", e.TK, e.TN)
	}
	if v := e.VectorColumns; v < 0 || v > 0 && (!powerOfTwo(v) || v > e.TK) {
		f.add("engine.vector_columns", "is %d; expected a power of two up to tk, %d", v, e.TK)
	}
	return len(f.errs) == before
}

// headDims are the channels that heads of the network have, each once.
func headDims(layers []network.Layer) []int {
	var dims []int
	for _, l := range layers {
		if l.Role == network.AttentionLayer && !slices.Contains(dims, l.Inner) {
			dims = append(dims, l.Inner)
		}
	}
	return dims
}

// checkClassifiers asks that the rows that the heads read are in one row tile: their logits are added up as they
// leave the array.
func (e Engine) checkClassifiers(f *faults, heads int) {
	if heads > e.TM {
		f.add("engine.tm", "is %d; expected at least %d: of so many heads each reads a row of its own, "+
			"and they are in one row tile", e.TM, heads)
	}
}

// checkHeads asks that attention's matmuls, whose sides are the head dimension, fill
// whole tiles of channels and whole steps of products.
func (e Engine) checkHeads(f *faults, dim int) {
	if dim%e.TK != 0 {
		f.add("engine.tk", "is %d; expected a divisor of the head dimension, %d", e.TK, dim)
	}
	if dim%e.TN != 0 && e.TN%dim != 0 {
		f.add("engine.tn", "is %d; expected a divisor or a multiple of the head dimension, %d", e.TN, dim)
	}
}

// checkPart asks only for what the part has; how much of it is the resource model's
// question.
func (e Engine) checkPart(f *faults, p Part) {
	if e.Multiplier == MulDSP && p.Budget.DSP == 0 {
		f.add("engine.multiplier", "is \"dsp\"; expected lut, %s has no DSPs", p.Name)
	}
	if port := e.Packing.Port(); port > max(p.DSP.ABits, p.DSP.BBits) || port > 0 && min(p.DSP.ABits, p.DSP.BBits) < 18 {
		f.add("engine.packing", "is %q; expected none, the DSPs of %s are %d x %d bits",
			string(e.Packing), p.Name, p.DSP.ABits, p.DSP.BBits)
	}
	if e.LUTColumns != 0 && p.LUTInputs != 6 {
		f.add("engine.lut_columns", "is %d; expected 0, the LUTs of %s have %d inputs and a product takes 6",
			e.LUTColumns, p.Name, p.LUTInputs)
	}
	for _, b := range e.buffers() {
		if b.kind == MemUltra && p.Budget.URAM == 0 {
			f.add(b.key, "is \"ultra\"; expected auto, block or lutram, %s has no URAM", p.Name)
		}
	}
}

type buffer struct {
	key  string
	kind MemoryKind
}

func (e Engine) buffers() [3]buffer {
	return [3]buffer{{"engine.activations", e.Activations}, {"engine.weights", e.Weights}, {"engine.residual", e.Residual}}
}

func powerOfTwo(v int) bool { return v > 0 && v&(v-1) == 0 }
