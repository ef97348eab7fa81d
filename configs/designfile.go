package configs

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"

	"vitdse/configs/network"
)

// designFile is how people write a design: numerics.default for the blocks, and
// numerics.layers only for what differs from it. MarshalDesign writes the same
// form with every layer and no default, so one decoder reads both.
type designFile struct {
	Name     string       `yaml:"name"`
	Model    string       `yaml:"model"`
	Part     string       `yaml:"part"`
	ClockMHz float64      `yaml:"clock_mhz"`
	Numerics numericsFile `yaml:"numerics"`
	Engine   Engine       `yaml:"engine"`
}

type numericsFile struct {
	SoftmaxBits int           `yaml:"softmax_bits"`
	GELUBits    int           `yaml:"gelu_bits"`
	LNFold      float64       `yaml:"ln_fold"`
	CalibImages int           `yaml:"calib_images"`
	Default     *layerDefault `yaml:"default,omitempty"`
	Layers      []layerFile   `yaml:"layers,omitempty"`
	Quantizer   Quantizer     `yaml:"quantizer,omitempty"`
}

type layerDefault struct {
	Weights     int         `yaml:"weights"`
	Activations int         `yaml:"activations"`
	Granularity Granularity `yaml:"granularity"`
	Group       int         `yaml:"group,omitempty"`
}

type layerFile struct {
	Name        string       `yaml:"name"`
	Weights     *int         `yaml:"weights,omitempty"`
	Activations *int         `yaml:"activations,omitempty"`
	Granularity *Granularity `yaml:"granularity,omitempty"`
	Group       *int         `yaml:"group,omitempty"`
}

// LoadDesign reads a design file for model m and resolves its layers. A design is
// complete only with its part: LoadDesignOn, or Validate, checks that too.
func LoadDesign(path string, m Model) (Design, error) {
	data, err := ReadRegular(path, MaxFileBytes)
	if err != nil {
		return Design{}, err
	}
	return DecodeDesign(path, data, m, nil)
}

// LoadDesignOn reads a design file for model m on part p and validates all of it.
func LoadDesignOn(path string, m Model, p Part) (Design, error) {
	data, err := ReadRegular(path, MaxFileBytes)
	if err != nil {
		return Design{}, err
	}
	return DecodeDesign(path, data, m, &p)
}

// DecodeDesign reads a design from memory; file names it in errors, and p may be nil
// to leave the part unchecked. The default applies to the blocks and to the head's
// activations; patch embedding and head keep 8-bit weights, without groups, and the image
// 8-bit pixels unless numerics.layers says otherwise.
func DecodeDesign(file string, data []byte, m Model, p *Part) (Design, error) {
	doc, err := parse(file, data)
	if err != nil {
		return Design{}, err
	}
	var in designFile
	if err := doc.decode(&in); err != nil {
		return Design{}, err
	}
	var f faults
	layers := layersOf(m)
	d := in.resolve(&f, m, layers)
	d.checkTop(&f, m)
	d.Numerics.checkUnits(&f)
	d.Engine.check(&f, m, layers)
	if p != nil {
		if d.Part != p.Name {
			f.add("part", "is %s; expected %q, the part it is checked for", quoted(d.Part), p.Name)
		}
		d.Engine.checkPart(&f, *p)
	}
	if err := doc.locate(f.join()); err != nil {
		return Design{}, err
	}
	d.Numerics.Quantizer = d.Numerics.Quantizer.Normal()
	d.Engine = d.Engine.WithPatchTokens(d.Engine.GatherTokens())
	return d, nil
}

// resolve lists every layer, in network order. Faults carry the file's own keys.
func (in designFile) resolve(f *faults, m Model, layers []network.Layer) Design {
	n := in.Numerics
	if n.Default != nil {
		LayerBits{Name: "default", Weights: n.Default.Weights, Activations: n.Default.Activations,
			Granularity: n.Default.Granularity, Group: n.Default.Group}.check(f, "numerics.default", true)
	}
	given := n.byName(f, m, layers)
	d := Design{Name: in.Name, Model: in.Model, Part: in.Part, ClockMHz: in.ClockMHz, Engine: in.Engine,
		Numerics: Numerics{SoftmaxBits: n.SoftmaxBits, GELUBits: n.GELUBits, LNFold: n.LNFold, CalibImages: n.CalibImages,
			Quantizer: n.Quantizer}}
	for _, layer := range layers {
		i, listed := given[layer.Name]
		if !listed && n.Default == nil {
			f.add("numerics.layers", "lacks %s; expected every layer of %s, or numerics.default", layer.Name, m.Name)
			continue
		}
		l := LayerBits{Name: layer.Name}
		if n.Default != nil {
			l = n.Default.layer(layer)
		}
		if listed {
			key := fmt.Sprintf("numerics.layers[%d]", i)
			n.Layers[i].override(f, key, layer, &l, n.Default != nil)
			l.checkGroup(f, key, layer)
		} else {
			l.checkGroup(f, "numerics.default", layer)
		}
		d.Numerics.Layers = append(d.Numerics.Layers, l)
	}
	return d
}

// layer is the default for one layer.
func (dl layerDefault) layer(of network.Layer) LayerBits {
	l := LayerBits{Weights: dl.Weights, Activations: dl.Activations}
	l.setGranularity(of, dl.Granularity, dl.Group)
	return usual(of, l)
}

// byName finds the entry of each listed layer.
func (n numericsFile) byName(f *faults, m Model, layers []network.Layer) map[string]int {
	names := namesOf(layers)
	given := map[string]int{}
	for _, name := range names {
		given[name] = -1
	}
	for i, l := range n.Layers {
		key := fmt.Sprintf("numerics.layers[%d].name", i)
		switch before, known := given[l.Name]; {
		case !known:
			f.add(key, "is %s, no layer of %s; %s", quoted(l.Name), m.Name, layerHint(l.Name, names))
		case before >= 0:
			f.add(key, "is %q, which layers[%d] gives already", l.Name, before)
		default:
			given[l.Name] = i
		}
	}
	for _, name := range names {
		if given[name] < 0 {
			delete(given, name)
		}
	}
	return given
}

// override applies one entry of numerics.layers to a layer; without a default the
// entry must be complete.
func (lf layerFile) override(f *faults, key string, of network.Layer, l *LayerBits, hasDefault bool) {
	had := len(f.errs)
	need := func(name string, missing bool) {
		if missing && !hasDefault {
			f.add(key+"."+name, "missing; expected it here, since there is no numerics.default")
		}
	}
	need("activations", lf.Activations == nil)
	if of.Weights {
		need("weights", lf.Weights == nil)
		need("granularity", lf.Granularity == nil)
	}
	if lf.Weights != nil {
		l.Weights = *lf.Weights
	}
	if lf.Activations != nil {
		l.Activations = *lf.Activations
	}
	if lf.Granularity != nil {
		if l.Granularity = *lf.Granularity; l.Granularity != PerGroup {
			l.Group = 0
		}
	}
	if lf.Group != nil {
		l.Group = *lf.Group
	}
	if len(f.errs) == had {
		lf.check(f, key, of, *l)
	}
}

// check checks only what the entry gives; the default was checked where it stands.
func (lf layerFile) check(f *faults, key string, of network.Layer, l LayerBits) {
	good := LayerBits{Name: l.Name, Weights: 8, Activations: 8, Granularity: PerLayer}
	if !of.Weights {
		good.Weights, good.Granularity = 0, ""
	}
	if lf.Weights != nil {
		good.Weights = l.Weights
	}
	if lf.Activations != nil {
		good.Activations = l.Activations
	}
	if lf.Granularity != nil || lf.Group != nil {
		good.Granularity, good.Group = l.Granularity, l.Group
	}
	good.check(f, key, of.Weights)
}

// MarshalDesign writes a design as YAML: always the same bytes for the same design,
// one line a layer, and LoadDesign reads it back to an equal value.
func MarshalDesign(d Design) []byte {
	var n yaml.Node
	if err := n.Encode(d); err != nil {
		panic(err) // a Design holds nothing that YAML cannot
	}
	numerics := child(&n, "numerics")
	for _, layer := range child(numerics, "layers").Content {
		layer.Style = yaml.FlowStyle
	}
	var buf bytes.Buffer
	enc := yaml.NewEncoder(&buf)
	enc.SetIndent(2)
	if err := enc.Encode(&n); err != nil {
		panic(err) // a bytes.Buffer takes everything
	}
	return buf.Bytes()
}

// child is the value of a key of a mapping that has it.
func child(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	panic("configs: no key " + key)
}
