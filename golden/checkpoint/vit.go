package checkpoint

import (
	"errors"
	"fmt"

	"vitdse/configs"
)

// Weights are the tensors of a ViT or DeiT, row-major, as timm stores them:
// a linear layer's weight is Out x In.
type Weights struct {
	Cls    []float32 // Dim
	Pos    []float32 // Tokens x Dim, prefix rows first
	PatchW []float32 // Dim x PatchInner; inner order is channel, row, column
	PatchB []float32 // Dim
	Blocks []BlockWeights
	NormG  []float32 // Dim: gamma of the last LayerNorm
	NormB  []float32 // Dim: beta
	HeadW  []float32 // Classes x Dim
	HeadB  []float32 // Classes
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
}

// slot ties a tensor's name and shape to the field that receives it.
type slot struct {
	name  string
	shape []int
	dst   *[]float32
}

// slots lists every tensor of a model in timm's names; w must have m.Depth blocks.
func (w *Weights) slots(m configs.Model) []slot {
	d, h := m.Dim, m.Hidden()
	list := []slot{
		{"cls_token", []int{1, 1, d}, &w.Cls},
		{"pos_embed", []int{1, m.Tokens(), d}, &w.Pos},
		{"patch_embed.proj.weight", []int{d, m.Image.Channels, m.Patch, m.Patch}, &w.PatchW},
		{"patch_embed.proj.bias", []int{d}, &w.PatchB},
	}
	for i := range w.Blocks {
		b, p := &w.Blocks[i], fmt.Sprintf("blocks.%d.", i)
		list = append(list,
			slot{p + "norm1.weight", []int{d}, &b.Norm1G},
			slot{p + "norm1.bias", []int{d}, &b.Norm1B},
			slot{p + "attn.qkv.weight", []int{3 * d, d}, &b.QKVW},
			slot{p + "attn.qkv.bias", []int{3 * d}, &b.QKVB},
			slot{p + "attn.proj.weight", []int{d, d}, &b.ProjW},
			slot{p + "attn.proj.bias", []int{d}, &b.ProjB},
			slot{p + "norm2.weight", []int{d}, &b.Norm2G},
			slot{p + "norm2.bias", []int{d}, &b.Norm2B},
			slot{p + "mlp.fc1.weight", []int{h, d}, &b.FC1W},
			slot{p + "mlp.fc1.bias", []int{h}, &b.FC1B},
			slot{p + "mlp.fc2.weight", []int{d, h}, &b.FC2W},
			slot{p + "mlp.fc2.bias", []int{d}, &b.FC2B})
	}
	return append(list,
		slot{"norm.weight", []int{d}, &w.NormG},
		slot{"norm.bias", []int{d}, &w.NormB},
		slot{"head.weight", []int{m.Classes, d}, &w.HeadW},
		slot{"head.bias", []int{m.Classes}, &w.HeadB})
}

// ViT returns the weights of the given model. The error lists every tensor that is
// missing, not part of the model, wrongly shaped or not finite.
func (c *Checkpoint) ViT(m configs.Model) (*Weights, error) {
	if m.Family != configs.ViT && m.Family != configs.DeiT {
		return nil, fmt.Errorf("checkpoint %s: family %s is not covered; expected vit or deit", c.path, m.Family)
	}
	w := &Weights{Blocks: make([]BlockWeights, m.Depth)}
	var errs []error
	known := map[string]bool{}
	for _, s := range w.slots(m) {
		known[s.name] = true
		t, err := c.Tensor(s.name, s.shape...)
		if err != nil {
			errs = append(errs, err)
		}
		*s.dst = t
	}
	for _, n := range c.Names() {
		if !known[n] {
			errs = append(errs, fmt.Errorf("checkpoint %s: tensor %s %v is not part of model %s (depth %d); remove it or correct the model file",
				c.path, n, c.entries[n].Shape, m.Name, m.Depth))
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return w, nil
}

// Check says whether the lengths of all tensors are those of the model: for weights
// that were not read from a file.
func (w *Weights) Check(m configs.Model) error {
	if len(w.Blocks) != m.Depth {
		return fmt.Errorf("weights have %d blocks; model %s has %d", len(w.Blocks), m.Name, m.Depth)
	}
	var errs []error
	for _, s := range w.slots(m) {
		n := 1
		for _, v := range s.shape {
			n *= v
		}
		if len(*s.dst) != n {
			errs = append(errs, fmt.Errorf("tensor %s has %d values; expected %v", s.name, len(*s.dst), s.shape))
		}
	}
	return errors.Join(errs...)
}
