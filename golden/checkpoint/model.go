package checkpoint

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"vitdse/configs"
	"vitdse/configs/network"
)

// Model makes the model of a checkpoint: its shape from the tensors, what they do not show from config.json
// beside them, and how an image is prepared from timm's pretrained_cfg there or from transformers'
// preprocessor_config.json. mean and std, where they are given, take the place of what is missing.
// The error says what does not stand anywhere.
func (c *Checkpoint) Model(name string, mean, std []float64) (configs.Model, error) {
	m := configs.Model{Name: name, Family: configs.ViT, Heads: 1, Depth: 1, Dim: 1, Patch: 1}
	if err := c.other(); err != nil {
		return m, c.fault(err)
	}
	facts, err := c.facts()
	if err != nil {
		return m, c.fault(err)
	}
	known := map[string]any{}
	for _, f := range facts {
		known[f.key] = f.value
	}
	if err := c.shape(&m, known); err != nil {
		return m, c.fault(err)
	}
	if err := c.prepared(&m, known, mean, std); err != nil {
		return m, c.fault(err)
	}
	if m, err = c.Complete(m); err != nil {
		return m, err
	}
	_, err = c.ViT(m) // what contradicts the tensors
	return m, err
}

func (c *Checkpoint) fault(err error) error { return fmt.Errorf("checkpoint %s: %w", c.path, err) }

// shape sets what the tensors show, and what config.json alone knows: heads and epsilon.
func (c *Checkpoint) shape(m *configs.Model, known map[string]any) error {
	l, net, err := c.any(m)
	if err != nil {
		return err
	}
	dims := func(name string) []int { return c.entries[l.find(name)[0]].Shape }
	patch := dims("patch_embed.proj.weight")
	if len(patch) != 4 || patch[2] != patch[3] || patch[2] < 1 || patch[0] < 1 {
		return fmt.Errorf("tensor %s is %v; expected [dim, channels, patch, patch]",
			l.find("patch_embed.proj.weight")[0], patch)
	}
	m.Dim, m.Image.Channels, m.Patch = patch[0], patch[1], patch[2]
	if rows, inner := l.mlp(net); rows > 0 {
		if m.MLPRatio = ratio(rows, m.Dim); rows == 2*inner {
			m.MLPRatio = ratio(inner, m.Dim)
		}
	}
	var missing []string
	whole := func(key string) int {
		v, ok := known[key].(int)
		if !ok {
			missing = append(missing, key)
		}
		return v
	}
	if m.LayerNormEps, _ = known["layer_norm_eps"].(float64); m.LayerNormEps == 0 {
		missing = append(missing, "layer_norm_eps")
	}
	width := m.Dim
	if windows(net) {
		width = m.Dim << (len(m.Depths) - 1)
		if m.Window, m.StageHeads, err = c.biases(l, len(m.Depths)); err != nil {
			return err
		}
		if m.StageHeads == nil { // no tables
			m.Window = whole("window")
			if m.StageHeads = wholes(known["stage_heads"]); m.StageHeads == nil {
				missing = append(missing, "stage_heads")
			}
		}
	} else {
		if m.Heads = whole("heads"); l.there("head_dist.weight") {
			m.Family = configs.DeiTDistilled
		}
	}
	if missing != nil {
		return fmt.Errorf("its tensors do not show %s, and no %s beside them says it; "+
			"expected the %s that timm or transformers saved with them, or a model file",
			strings.Join(missing, " and "), configFile, configFile)
	}
	if head := dims("head.weight"); len(head) == 2 && head[0] > 0 {
		m.Classes = head[0]
	} else {
		m.Classes, m.Features = width, true
	}
	return c.imageSize(m, l, known)
}

// mlp is the number of outputs of the first block's first layer, in one tensor or in two, and of the inputs of its
// second: half as many where the MLP is gated. It is 0 where they are not there.
func (l layout) mlp(net *network.Network) (rows, inner int) {
	for _, n := range l.find(net.At(0, network.RoleFC1).Name + ".weight") {
		if e := l.c.entries[n]; len(e.Shape) == 2 {
			rows += e.Shape[0]
		}
	}
	if e := l.c.entries[l.find(net.At(0, network.RoleFC2).Name + ".weight")[0]]; len(e.Shape) == 2 {
		inner = e.Shape[1]
	}
	return rows, inner
}

// biases is what the tables of relative positions show: a window of w x w rows has (2w-1)^2 of them, for each of a
// stage's heads. Without tables there are no heads.
func (c *Checkpoint) biases(l layout, stages int) (window int, heads []int, err error) {
	for s := range stages {
		name := fmt.Sprintf("layers.%d.blocks.0.attn.relative_position_bias_table", s)
		if !l.there(name) {
			return 0, nil, nil
		}
		file := l.find(name)[0]
		table, side := c.entries[file].Shape, 0
		if len(table) == 2 && table[1] > 0 {
			side = int(math.Sqrt(float64(table[0])) + 0.5)
		}
		if side%2 == 0 || side*side != table[0] {
			return 0, nil, fmt.Errorf("tensor %s is %v; expected [(2 window - 1)^2, heads]", file, table)
		}
		if s > 0 && (side+1)/2 != window {
			return 0, nil, fmt.Errorf("has windows of %d and of %d (tensor %s): stages whose windows differ are not carried",
				window, (side+1)/2, file)
		}
		window, heads = (side+1)/2, append(heads, table[1])
	}
	return window, heads, nil
}

// any finds a layout without a model: the one under which most is there of what every network has.
func (c *Checkpoint) any(m *configs.Model) (layout, *network.Network, error) {
	var best layout
	var of *network.Network
	for _, staged := range []bool{false, true} {
		probe := blank(staged)
		net, err := network.Compile(probe)
		if err != nil {
			return best, nil, err
		}
		l, err := c.detect(net, empty(net).slots(net))
		if err != nil {
			return l, nil, err
		}
		if l.hits > best.hits || of == nil {
			best, of, m.Family = l, net, probe.Family
		}
	}
	if best.hits*2 < best.of || best.hits == 0 {
		return best, of, errors.New("is of no family that is known: vit, deit, deit-distilled and swin are, " +
			"under the names of timm, torchvision and transformers" + c.known(of))
	}
	if windows(of) {
		m.Depth, m.Heads = 0, 0
		for s := 0; ; s++ {
			n := 0
			for best.there(fmt.Sprintf("layers.%d.blocks.%d.norm1.weight", s, n)) {
				n++
			}
			if n == 0 {
				return best, of, nil
			}
			m.Depths = append(m.Depths, n)
		}
	}
	m.Depth = 0
	for best.there(fmt.Sprintf("blocks.%d.norm1.weight", m.Depth)) {
		m.Depth++
	}
	return best, of, nil
}

// blank is the least model of a Swin, or else of a ViT.
func blank(staged bool) configs.Model {
	m := configs.Model{Name: "probe", LayerNormEps: 1e-6, Mean: []float64{0}, Std: []float64{1}, Family: configs.ViT,
		Dim: 1, Depth: 1, Heads: 1, Patch: 1, MLPRatio: 1, Classes: 1,
		Image: configs.ImageShape{Height: 1, Width: 1, Channels: 1}}
	if staged {
		m.Family, m.Depths, m.StageHeads, m.Window, m.Depth, m.Heads = configs.Swin, []int{1}, []int{1}, 1, 0, 0
	}
	return m
}

func (c *Checkpoint) known(net *network.Network) string {
	if f := c.foreignFamily(net); f != "" && f != "a ViT" {
		return "; it looks like " + f
	}
	return ""
}

// ratio is the least of usual digits that gives the hidden width.
func ratio(hidden, dim int) float64 {
	exact := float64(hidden) / float64(dim)
	for _, r := range []float64{exact, math.Nextafter(exact, math.Inf(1)), (float64(hidden) + 0.5) / float64(dim)} {
		if int(float64(dim)*r) == hidden {
			return r
		}
	}
	return exact
}

func wholes(v any) []int {
	list, _ := v.([]float64)
	var out []int
	for _, f := range list {
		out = append(out, int(f))
	}
	return out
}

// imageSize is that of config.json, or else of a square of the positions.
func (c *Checkpoint) imageSize(m *configs.Model, l layout, known map[string]any) error {
	m.Image.Height, _ = known["image.height"].(int)
	m.Image.Width, _ = known["image.width"].(int)
	if m.Image.Height > 0 && m.Image.Width > 0 {
		return nil
	}
	if pos := c.entries[l.find("pos_embed")[0]].Shape; len(pos) > 1 {
		for _, front := range []int{1, 0, 2} {
			if side := int(math.Round(math.Sqrt(float64(pos[len(pos)-2] - front)))); side > 0 &&
				side*side == pos[len(pos)-2]-front {
				m.Image.Height, m.Image.Width = side*m.Patch, side*m.Patch
				return nil
			}
		}
	}
	return fmt.Errorf("neither %s nor the tensors say how large the image is; expected image_size or model_args.img_size",
		configFile)
}

// prepared sets how an image is made an input.
func (c *Checkpoint) prepared(m *configs.Model, known map[string]any, mean, std []float64) error {
	switch {
	case c.config.library() == "timm":
		cfg := c.config.object("pretrained_cfg")
		m.Mean, m.Std = cfg.numbers("mean"), cfg.numbers("std")
		if p, ok := cfg.number("crop_pct"); ok {
			m.CropPct = p
		}
		switch mode := cfg.text("crop_mode"); mode {
		case "", "center":
		case "squash":
			m.CropMode = configs.CropSquash
		default:
			return fmt.Errorf("%s: pretrained_cfg.crop_mode is %s; expected center or squash", configFile, mode)
		}
		switch f := cfg.text("interpolation"); f {
		case "", "bicubic", "random":
		case "bilinear":
			m.Interpolation = configs.Bilinear
		default:
			return fmt.Errorf("%s: pretrained_cfg.interpolation is %s; expected bicubic or bilinear", configFile, f)
		}
	case c.processor != nil:
		if err := c.processor.prepared(m); err != nil {
			return fmt.Errorf("%s: %w", processorFile, err)
		}
	}
	if v, ok := known["mean"].([]float64); ok && m.Mean == nil { // in an ONNX graph
		m.Mean, m.Std = v, known["std"].([]float64)
	}
	if mean != nil {
		m.Mean = mean
	}
	if std != nil {
		m.Std = std
	}
	for _, v := range []*[]float64{&m.Mean, &m.Std} {
		if len(*v) == 1 {
			*v = slices.Repeat(*v, m.Image.Channels)
		}
	}
	if m.Mean == nil || m.Std == nil {
		return fmt.Errorf("nothing beside it says mean and std of the image's channels; expected %s, "+
			"which AutoImageProcessor.save_pretrained writes, "+
			"pretrained_cfg in timm's %s, or --mean and --std", processorFile, configFile)
	}
	return nil
}

// prepared reads a preprocessor_config.json of transformers.
func (s settings) prepared(m *configs.Model) error {
	if s.is("do_normalize", false) {
		m.Mean, m.Std = []float64{0}, []float64{1}
	} else {
		m.Mean, m.Std = s.numbers("image_mean"), s.numbers("image_std")
	}
	if f, ok := s.number("rescale_factor"); ok && math.Abs(f*255-1) > 1e-6 && !s.is("do_rescale", false) ||
		s.is("do_rescale", false) {
		return fmt.Errorf("do_rescale and rescale_factor are not those of pixels over 255, which is what is computed")
	}
	switch r, ok := s.whole("resample"); {
	case !ok, r == 3:
	case r == 2:
		m.Interpolation = configs.Bilinear
	default:
		return fmt.Errorf("resample is %d; expected 2, bilinear, or 3, bicubic", r)
	}
	m.CropOffset = configs.CropFloor
	h, w, squash := sides(s["size"])
	ch, cw, _ := sides(s["crop_size"])
	if s.is("do_center_crop", false) || ch == 0 {
		ch, cw = h, w
	}
	if h == 0 || s.is("do_resize", false) {
		m.CropPct = 1
		return nil
	}
	if m.CropPct = float64(ch) / float64(h); squash {
		m.CropMode = configs.CropSquash
	}
	if m.CropPct > 1 || math.Abs(float64(cw)/float64(w)-m.CropPct) > 1e-9 {
		return fmt.Errorf("size %v and crop_size %v: expected a crop that is as large or smaller, "+
			"by one factor along both sides", s["size"], s["crop_size"])
	}
	if ch != m.Image.Height || cw != m.Image.Width {
		return fmt.Errorf("the image becomes %dx%d; the network's is %dx%d", ch, cw, m.Image.Height, m.Image.Width)
	}
	return nil
}

// sides are those of transformers' size: a number or the shortest edge, or both sides, which squash.
func sides(v any) (h, w int, squash bool) {
	s := settings{"v": v}
	if n, ok := s.whole("v"); ok {
		return n, n, false
	}
	o := s.object("v")
	if n, ok := o.whole("shortest_edge"); ok {
		return n, n, false
	}
	h, _ = o.whole("height")
	w, _ = o.whole("width")
	return h, w, true
}

// NameOf is a name for the model of a checkpoint: that of its folder or file.
func NameOf(path string) string {
	base := filepath.Base(filepath.Clean(path))
	if base == singleFile || base == indexFile {
		base = filepath.Base(filepath.Dir(filepath.Clean(path)))
	}
	base = strings.TrimSuffix(strings.TrimSuffix(base, ".safetensors"), ".onnx")
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r) {
			return r
		}
		return '-'
	}, base)
	if name = strings.Trim(name, ".-"); name == "" {
		return "model"
	}
	return name[:min(len(name), 64)]
}
