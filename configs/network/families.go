package network

import (
	"slices"
	"strings"
)

// Family is the kind of vision transformer a model file describes.
type Family string

// The families a model file may name. The golden model runs all of them, an engine those that its Accepts says.
const (
	ViT           Family = "vit"
	DeiT          Family = "deit"
	DeiTDistilled Family = "deit-distilled"
	Swin          Family = "swin"
)

// family is all that the tool knows of a family: its model files' keys, its tokens and its ops.
type family struct {
	name   Family
	prefix []Token                  // learned tokens in front of the patches, but for the registers
	check  func(m Model, f *faults) // the keys that not all families have
	build  func(m Model, b *builder)
}

// families lists them in the order in which an error names them.
var families = []family{
	{ViT, []Token{{"cls_token", 1, true}}, checkViT, buildViT},
	{DeiT, []Token{{"cls_token", 1, true}}, checkViT, buildViT},
	{DeiTDistilled, []Token{{"cls_token", 1, true}, {"dist_token", 1, true}}, checkViT, buildViT},
	{Swin, nil, checkSwin, buildSwin},
}

func familyOf(name Family) *family {
	for i := range families {
		if families[i].name == name {
			return &families[i]
		}
	}
	return nil
}

func familyNames() string {
	names := make([]string, len(families))
	for i, f := range families {
		names[i] = string(f.name)
	}
	return strings.Join(names, ", ")
}

// tokens lists the learned tokens in front of a model's patches.
func (f *family) tokens(m Model) []Token {
	list := slices.Clone(f.prefix)
	if m.NoClassToken {
		list = list[1:]
	}
	if m.Registers > 0 {
		list = append(list, Token{"reg_token", m.Registers, false})
	}
	return list
}
