package checkpoint

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// DecodeONNX reads the weights of an exported float ViT or DeiT from an ONNX model: read
// returns the content of a file of external data beside it, and may be nil.
//
// An exporter keeps the names of most parameters, but stores the weight of a MatMul
// transposed and without a name, and may fold the class token into a constant. Their
// names are recovered from the graph: from the bias that is added to the product, and
// from the position embedding that is added to the tokens.
func DecodeONNX(name string, file []byte, read func(name string) ([]byte, error)) (*Checkpoint, error) {
	return decodeONNX(name, file, read)
}

func decodeONNX(name string, file []byte, read func(name string) ([]byte, error)) (*Checkpoint, error) {
	if err := foreign(name, file); err != nil {
		return nil, err
	}
	g, err := parseModel(file)
	if err != nil {
		return nil, fmt.Errorf("checkpoint %s: is not an ONNX model: %w", name, err)
	}
	c := &Checkpoint{path: name, entries: map[string]entry{}, files: [][]byte{file}}
	o := onnxWeights{c: c, read: read, external: map[string][]byte{}, tensors: map[string]entry{},
		whole: map[string][]int64{}}
	if err := o.decode(&g); err != nil {
		return nil, fmt.Errorf("checkpoint %s: %w", name, err)
	}
	for _, used := range o.used {
		delete(c.entries, used)
	}
	return c, nil
}

// decode names the constants of a graph, a float one by their names there, a quantized one by its structure, and
// finds what no constant shows.
func (o *onnxWeights) decode(g *onnxGraph) error {
	if err := o.collect(g); err != nil {
		return err
	}
	d, err := g.dequantize(o)
	if err != nil {
		return err
	}
	r := newGraphReader(g, o)
	swin := d == nil && r.isSwin()
	if d == nil && !swin {
		if err := o.walk(g); err != nil {
			return err
		}
	}
	if err := r.read(swin); err != nil {
		return err
	}
	if d != nil {
		if o.c.quantized, err = d.adopt(r); err != nil {
			return fmt.Errorf("is quantized: %w", err)
		}
	}
	o.c.graph = r.list
	return nil
}

// onnxWeights turns the constants of a graph into the tensors of a checkpoint.
type onnxWeights struct {
	c        *Checkpoint
	read     func(name string) ([]byte, error)
	external map[string][]byte
	tensors  map[string]entry   // every floating-point constant by its name in the graph
	used     []string           // constants that are there under another name, or no parameter
	whole    map[string][]int64 // every small integer constant
	copied   int                // bytes of transposed weights
}

// collect finds the graph's floating-point constants: initializers, Constant nodes, and
// their aliases.
func (o *onnxWeights) collect(g *onnxGraph) error {
	add := func(name string, t *onnxTensor) error {
		if onnxTypes[t.dtype] == "" { // shapes, indices
			if volume(t.dims) <= 16 {
				o.whole[name] = t.whole()
			}
			return nil
		}
		if _, twice := o.tensors[name]; twice {
			return fmt.Errorf("tensor %s is given twice", name)
		}
		if err := o.load(t); err != nil {
			return fmt.Errorf("tensor %s: %w", name, err)
		}
		e, err := t.entry()
		o.tensors[name] = e
		return err
	}
	for i := range g.tensors {
		if err := add(g.tensors[i].name, &g.tensors[i]); err != nil {
			return err
		}
	}
	for _, n := range g.nodes {
		if len(n.outputs) != 1 {
			continue
		}
		if n.op == "Constant" && n.attributes["value"].tensor != nil {
			if err := add(n.outputs[0], n.attributes["value"].tensor); err != nil {
				return err
			}
		}
		if n.op == "Identity" && len(n.inputs) == 1 {
			if e, ok := o.tensors[n.inputs[0]]; ok {
				o.tensors[n.outputs[0]] = e
			}
		}
	}
	return nil
}

// load brings in a tensor's external data.
func (o *onnxWeights) load(t *onnxTensor) error {
	if t.external == nil {
		return nil
	}
	file := t.external["location"]
	if file == "" || strings.ContainsAny(file, `/\`) || !filepath.IsLocal(file) {
		return fmt.Errorf("its data is in %q; expected the name of a file beside the model", file)
	}
	data, ok := o.external[file]
	if !ok {
		if o.read == nil {
			return fmt.Errorf("its data is in %s, which is not at hand", file)
		}
		var err error
		if data, err = o.read(file); err != nil {
			return fmt.Errorf("its data: %w", err)
		}
		o.external[file] = data
		o.c.files = append(o.c.files, data)
	}
	number := func(key string, missing uint64) (uint64, error) {
		if t.external[key] == "" {
			return missing, nil
		}
		return strconv.ParseUint(t.external[key], 10, 64)
	}
	from, err := number("offset", 0)
	if err != nil || from > uint64(len(data)) {
		return fmt.Errorf("its data starts at byte %s of %s, which has %d", t.external["offset"], file, len(data))
	}
	length, err := number("length", uint64(len(data))-from)
	if err != nil || length > uint64(len(data))-from {
		return fmt.Errorf("its data are %s bytes from byte %d of %s, which has %d: truncated",
			t.external["length"], from, file, len(data))
	}
	t.data = data[from : from+length : from+length]
	return nil
}

// anonymous are the names that exporters give to constants of their own.
var anonymous = regexp.MustCompile(`^(onnx::|val_\d|expand|/|\d+$|_to_copy|const_)`)

// positionNames are the last parts of the names of position embeddings, with those of the class token and of
// the tokens behind it.
var positionNames = []struct{ position, class, second string }{
	{"pos_embed", "cls_token", "dist_token"},
	{"encoder.pos_embedding", "class_token", ""},
	{"embeddings.position_embeddings", "embeddings.cls_token", "embeddings.distillation_token"},
	{"embeddings.position_embedding.weight", "embeddings.class_embedding", ""},
}

// prefixTokens gives, for the name of a position embedding, those of the tokens in front.
func prefixTokens(parameter string) (names [2]string, ok bool) {
	for _, p := range positionNames {
		if front, is := strings.CutSuffix(parameter, p.position); is && (front == "" || front[len(front)-1] == '.') {
			if names[0] = front + p.class; p.second != "" {
				names[1] = front + p.second
			}
			return names, true
		}
	}
	return names, false
}

// product is part of a matmul with a constant: columns from to to of it, all where to is 0.
type product struct {
	weight   string
	from, to int
}

// walk gives every constant that has the role of a parameter its name.
func (o *onnxWeights) walk(g *onnxGraph) error {
	for name, e := range o.tensors {
		if !anonymous.MatchString(name) && len(e.Shape) > 0 {
			o.c.entries[name] = e
		}
	}
	products := map[string]product{} // output of a MatMul with a constant
	joined := map[string][]string{}  // output of a Concat: the constants in it, in order
	positioned := map[string]string{}
	for _, n := range g.nodes {
		switch {
		case n.op == "MatMul" && len(n.inputs) == 2 && len(n.outputs) == 1:
			if e, ok := o.tensors[n.inputs[1]]; ok && len(e.Shape) == 2 {
				products[n.outputs[0]] = product{weight: n.inputs[1]}
			}
		case n.op == "Split" && len(n.inputs) > 0 && products[n.inputs[0]].weight != "": // q, k and v at once
			w := products[n.inputs[0]].weight
			if width := o.tensors[w].Shape[1]; width%len(n.outputs) == 0 {
				for i, out := range n.outputs {
					products[out] = product{w, i * width / len(n.outputs), (i + 1) * width / len(n.outputs)}
				}
			}
		case n.op == "Concat" && len(n.outputs) == 1:
			for _, in := range n.inputs {
				if e, ok := o.tensors[in]; ok && len(e.Shape) == 3 {
					joined[n.outputs[0]] = append(joined[n.outputs[0]], in)
				}
			}
			for _, in := range n.inputs {
				if p := positioned[in]; p != "" {
					o.tokens(p, joined[n.outputs[0]])
				}
			}
		case n.op == "Add" && len(n.inputs) == 2:
			for i, in := range n.inputs {
				if _, is := prefixTokens(n.inputs[1-i]); is {
					positioned[n.out()] = n.inputs[1-i]
				}
				if err := o.added(n.inputs[1-i], products[in], joined[in]); err != nil {
					return err
				}
			}
		case n.op == "Gemm" && len(n.inputs) == 3:
			if err := o.gemm(n); err != nil {
				return err
			}
		}
	}
	return nil
}

// added names what a parameter is added to: the weight of a product, or the tokens.
func (o *onnxWeights) added(parameter string, p product, tokens []string) error {
	if _, ok := o.c.entries[parameter]; !ok {
		return nil
	}
	if p.weight != "" {
		return o.weight(parameter, p, true)
	}
	o.tokens(parameter, tokens)
	return nil
}

// tokens names the constants in front of the patches after the position embedding.
func (o *onnxWeights) tokens(position string, tokens []string) {
	names, _ := prefixTokens(position)
	for i, t := range tokens {
		if _, named := o.c.entries[t]; !named && i < len(names) && names[i] != "" {
			o.c.entries[names[i]] = o.tensors[t]
		}
	}
}

// gemm names the weight of a fully connected layer after its bias.
func (o *onnxWeights) gemm(n onnxNode) error {
	_, constant := o.tensors[n.inputs[1]]
	if _, ok := o.c.entries[n.inputs[2]]; !ok || !constant {
		return nil
	}
	return o.weight(n.inputs[2], product{weight: n.inputs[1]}, n.attributes["transB"].number == 0)
}

// weight stores a layer's weight under the name that its bias gives it.
func (o *onnxWeights) weight(bias string, p product, transpose bool) error {
	weight := p.weight
	stem, ok := strings.CutSuffix(bias, "bias")
	if !ok || stem == "" {
		return nil
	}
	e := o.tensors[weight]
	if transpose {
		// Every constant is one layer's weight; a file in which one is that of many layers
		// would grow without bound here.
		if o.copied += len(e.data); p.to > 0 {
			o.copied -= len(e.data) - len(e.data)/e.Shape[1]*(p.to-p.from)
		}
		size := 0
		for _, f := range o.c.files {
			size += len(f)
		}
		if o.copied > 2*size {
			return fmt.Errorf("tensor %s is the weight of more layers than its file can hold", weight)
		}
		var err error
		if e, err = e.transposed(); err != nil {
			return fmt.Errorf("tensor %s: %w", weight, err)
		}
		if p.to > 0 { // rows of the transposed weight
			row := 4 * e.Shape[1]
			e.Shape, e.data = []int{p.to - p.from, e.Shape[1]}, e.data[p.from*row:p.to*row]
		}
	}
	if have, twice := o.c.entries[stem+"weight"]; twice && weight != stem+"weight" && !bytes.Equal(have.data, e.data) {
		return fmt.Errorf("tensor %s would be the weight of %s, which is there already",
			weight, strings.TrimRight(stem, "._"))
	}
	if weight != stem+"weight" {
		o.used = append(o.used, weight)
	}
	o.c.entries[stem+"weight"] = e
	return nil
}
