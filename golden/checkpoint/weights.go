package checkpoint

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"vitdse/configs"
)

// Weights are the tensors of a vision transformer, row-major, as timm stores them: a
// linear layer's weight is Out x In. Dim of a Swin is that of the block's stage.
type Weights struct {
	Cls    []float32 // Dim
	Dist   []float32 // Dim: the distillation token, of distilled DeiT
	Reg    []float32 // Registers x Dim: the register tokens
	Pos    []float32 // Tokens x Dim, prefix rows first
	PatchW []float32 // Dim x PatchInner; inner order is channel, row, column
	PatchB []float32 // Dim

	PatchNormG, PatchNormB []float32 // Dim: the LayerNorm behind the patch embedding, of Swin and with pre_norm

	Blocks []BlockWeights
	NormG  []float32 // Dim: gamma of the last LayerNorm
	NormB  []float32 // Dim: beta
	HeadW  []float32 // Classes x Dim
	HeadB  []float32 // Classes

	HeadDistW []float32 // Classes x Dim: the head on the distillation token
	HeadDistB []float32 // Classes
}

// BlockWeights are the tensors of one transformer block.
type BlockWeights struct {
	Norm1G, Norm1B []float32 // Dim
	QKVW           []float32 // 3*Dim x Dim: the rows of q, then k, then v
	QKVB           []float32 // 3*Dim
	ProjW          []float32 // Dim x Dim
	ProjB          []float32 // Dim
	Norm2G, Norm2B []float32 // Dim
	FC1W           []float32 // Hidden x Dim
	FC1B           []float32 // Hidden
	FC2W           []float32 // Dim x Hidden
	FC2B           []float32 // Dim

	RelPos []float32 // (2*Window-1)^2 x Heads: the table of relative position biases, of Swin

	// The patch merging in front of the block, where a stage of Swin begins.
	MergeG, MergeB []float32 // 2*Dim: its LayerNorm
	MergeW         []float32 // Dim x 2*Dim
}

// slot ties a tensor's name and shape to the field that receives it.
type slot struct {
	name     string
	shape    []int
	dst      *[]float32
	optional bool // a bias: zeros where the file has none of its kind
}

// slots lists every tensor of a model in timm's names; w must have as many blocks.
func (w *Weights) slots(m configs.Model) []slot {
	d := m.Dim
	var list []slot
	add := func(name string, dst *[]float32, shape ...int) {
		list = append(list, slot{name, shape, dst, strings.HasSuffix(name, ".bias")})
	}
	w.prefixSlots(m, add)
	add("patch_embed.proj.weight", &w.PatchW, d, m.Image.Channels, m.Patch, m.Patch)
	add("patch_embed.proj.bias", &w.PatchB, d)
	if norm := patchNorm(m); norm != "" {
		add(norm+".weight", &w.PatchNormG, d)
		add(norm+".bias", &w.PatchNormB, d)
	}
	for i := range w.Blocks {
		shape := m.BlockShape(i)
		w.Blocks[i].slots(shape, m.HiddenOf(shape.Dim), add)
		d = shape.Dim
	}
	norm := "norm"
	if m.FCNorm {
		norm = "fc_norm"
	}
	add(norm+".weight", &w.NormG, d)
	add(norm+".bias", &w.NormB, d)
	add("head.weight", &w.HeadW, m.Classes, d)
	add("head.bias", &w.HeadB, m.Classes)
	if m.Family == configs.DeiTDistilled {
		add("head_dist.weight", &w.HeadDistW, m.Classes, d)
		add("head_dist.bias", &w.HeadDistB, m.Classes)
	}
	return list
}

// prefixSlots lists the learned tokens and positions.
func (w *Weights) prefixSlots(m configs.Model, add func(name string, dst *[]float32, shape ...int)) {
	if m.Family == configs.Swin {
		return
	}
	if !m.NoClassToken {
		add("cls_token", &w.Cls, 1, 1, m.Dim)
	}
	add("pos_embed", &w.Pos, 1, m.Tokens(), m.Dim)
	if m.Family == configs.DeiTDistilled {
		add("dist_token", &w.Dist, 1, 1, m.Dim)
	}
	if m.Registers > 0 {
		add("reg_token", &w.Reg, 1, m.Registers, m.Dim)
	}
}

// patchNorm is timm's name of the LayerNorm behind the patch embedding, "" if there is none.
func patchNorm(m configs.Model) string {
	switch {
	case m.Family == configs.Swin:
		return "patch_embed.norm"
	case m.PreNorm:
		return "norm_pre"
	}
	return ""
}

// Prefix is what the rows in front of the patches hold, their positions not counted: PrefixTokens x Dim.
func (w *Weights) Prefix() []float32 { return slices.Concat(w.Cls, w.Dist, w.Reg) }

func (b *BlockWeights) slots(s configs.BlockShape, h int, add func(name string, dst *[]float32, shape ...int)) {
	d := s.Dim
	if s.Merges() {
		p := s.MergeName()
		add(p+".norm.weight", &b.MergeG, 2*d)
		add(p+".norm.bias", &b.MergeB, 2*d)
		add(p+".reduction.weight", &b.MergeW, d, 2*d)
	}
	p := s.Name + "."
	add(p+"norm1.weight", &b.Norm1G, d)
	add(p+"norm1.bias", &b.Norm1B, d)
	if s.Window > 0 {
		add(p+"attn.relative_position_bias_table", &b.RelPos, (2*s.Window-1)*(2*s.Window-1), s.Heads)
	}
	add(p+"attn.qkv.weight", &b.QKVW, 3*d, d)
	add(p+"attn.qkv.bias", &b.QKVB, 3*d)
	add(p+"attn.proj.weight", &b.ProjW, d, d)
	add(p+"attn.proj.bias", &b.ProjB, d)
	add(p+"norm2.weight", &b.Norm2G, d)
	add(p+"norm2.bias", &b.Norm2B, d)
	add(p+"mlp.fc1.weight", &b.FC1W, h, d)
	add(p+"mlp.fc1.bias", &b.FC1B, h)
	add(p+"mlp.fc2.weight", &b.FC2W, d, h)
	add(p+"mlp.fc2.bias", &b.FC2B, d)
}

// Fill sets every tensor of a model to the values that draw gives for its name (timm's)
// and shape: for weights that come from elsewhere than a file.
func (w *Weights) Fill(m configs.Model, draw func(name string, shape []int) []float32) {
	w.Blocks = make([]BlockWeights, m.BlockCount())
	for _, s := range w.slots(m) {
		*s.dst = draw(s.name, s.shape)
	}
}

// Check says whether the lengths of all tensors are those of the model: for weights
// that were not read from a file.
func (w *Weights) Check(m configs.Model) error {
	if len(w.Blocks) != m.BlockCount() {
		return fmt.Errorf("weights have %d blocks; model %s has %d", len(w.Blocks), m.Name, m.BlockCount())
	}
	var errs []error
	for _, s := range w.slots(m) {
		if len(*s.dst) != s.size() {
			errs = append(errs, fmt.Errorf("tensor %s has %d values; expected %v", s.name, len(*s.dst), s.shape))
		}
	}
	return errors.Join(errs...)
}

// Parameters is the number of weights of a model.
func Parameters(m configs.Model) int {
	w, n := &Weights{Blocks: make([]BlockWeights, m.BlockCount())}, 0
	for _, s := range w.slots(m) {
		n += s.size()
	}
	return n
}

func (s slot) size() int {
	n := 1
	for _, v := range s.shape {
		n *= v
	}
	return n
}
