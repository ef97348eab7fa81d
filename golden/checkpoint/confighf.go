package checkpoint

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"vitdse/configs"
)

// hfKeys are the whole numbers of transformers' configurations, and the model's keys.
var hfKeys = []struct {
	theirs, ours string
}{{"hidden_size", "dim"}, {"num_hidden_layers", "depth"}, {"num_attention_heads", "heads"},
	{"patch_size", "patch"}, {"num_channels", "image.channels"}, {"window_size", "window"}}

// hfRefused are the model types that are known and not carried.
var hfRefused = map[string]string{
	"dinov3_convnext": "convolutions", "swinv2": "cosine attention (Swin v2)", "cvt": "convolutions",
	"pvt": "spatial reduction", "levit": "convolutions",
	"mobilevit": "convolutions", "vit_hybrid": "convolutions in front of the patches (a hybrid)",
	"vit_msn":              "a head of another place (MSN)",
	"siglip2_vision_model": "images of any size (SigLIP 2, NaFlex)", "siglip2": "images of any size (SigLIP 2, NaFlex)",
}

var biasOfQuery = regexp.MustCompile(`\.(query|q_proj)\.bias$`)

// transformers reads a config.json that transformers wrote.
func (s settings) transformers(c *Checkpoint) ([]fact, error) {
	if v := s.object("vision_config"); v != nil { // a tower beside another
		for k, x := range s {
			if _, own := v[k]; !own && k != "hidden_size" && k != "num_attention_heads" {
				v[k] = x
			}
		}
		v["model_type"] = s["model_type"]
		s = v
	}
	kind := s.text("model_type")
	if why := hfRefused[kind]; why != "" {
		return nil, fmt.Errorf("config.json: model_type %s: %s is not carried", kind, why)
	}
	for _, key := range slices.Sorted(maps.Keys(s)) {
		bad := func(what string) ([]fact, error) {
			return nil, fmt.Errorf("config.json: %s is %v%s", key, s[key], what)
		}
		switch list := s.numbers(key); {
		case s[key] == nil:
		case key == "patch_size" && len(list) > 1 && list[0] != list[len(list)-1]:
			return bad(": patches that are not square are not carried")
		case slices.ContainsFunc(hfKeys, func(k struct{ theirs, ours string }) bool { return k.theirs == key }) &&
			(list == nil || slices.ContainsFunc(list, func(v float64) bool { return v != float64(int(v)) })):
			return bad("; expected a whole number")
		case key == "hidden_act" && !s.isText(key):
			return bad("; expected its name")
		case key == "layer_norm_eps" && list == nil:
			return bad("; expected a number")
		}
	}
	if i := slices.IndexFunc(c.Names(), biasOfQuery.MatchString); s.is("qkv_bias", false) && i >= 0 {
		return nil, fmt.Errorf("config.json: qkv_bias is false, and the checkpoint has %s", c.Names()[i])
	}
	var list []fact
	if kind == "swin" {
		list = append(list, fact{"depths", s.numbers("depths"), "config.json: depths"},
			fact{"stage_heads", s.numbers("num_heads"), "config.json: num_heads"})
	}
	for _, k := range hfKeys {
		if v, ok := s.whole(k.theirs); ok && !(kind == "swin" && k.ours == "dim") {
			list = append(list, fact{k.ours, v, "config.json: " + k.theirs})
		}
	}
	// DINOv2 has mlp_ratio
	if v, ok := s.whole("intermediate_size"); ok && kind != "swin" && !strings.HasPrefix(kind, "dinov2") {
		list = append(list, fact{"hidden", v, "config.json: intermediate_size"})
	}
	if v, ok := s.number("mlp_ratio"); ok && (kind == "swin" || strings.HasPrefix(kind, "dinov2")) {
		list = append(list, fact{"mlp_ratio", v, "config.json: mlp_ratio"})
	}
	if v, ok := s.whole("num_register_tokens"); ok {
		list = append(list, fact{"registers", v, "config.json: num_register_tokens"})
	}
	if size := s.numbers("image_size"); len(size) > 0 {
		list = append(list, fact{"image.height", int(size[0]), "config.json: image_size"},
			fact{"image.width", int(size[len(size)-1]), "config.json: image_size"})
	}
	if n := len(s.object("id2label")); n > 0 && s.isClassifier() {
		list = append(list, fact{"classes", n, "config.json: id2label"})
	}
	if eps, ok := s.number("layer_norm_eps"); ok {
		list = append(list, fact{"layer_norm_eps", eps, "config.json: layer_norm_eps"})
	}
	if gated, said := s["use_swiglu_ffn"].(bool); said {
		list = append(list, fact{"gated", gated, "config.json: use_swiglu_ffn"})
	}
	if s.is("use_swiglu_ffn", true) { // whatever hidden_act is
		list = append(list, fact{"activation", "silu", "config.json: use_swiglu_ffn"})
	} else if a := s.text("hidden_act"); a != "" {
		f, err := activation(a, "config.json: hidden_act")
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	if kind == "swin" {
		return list, nil
	}
	if kind == "beit" || kind == "data2vec-vision" {
		if s.is("use_shared_relative_position_bias", true) {
			return nil, fmt.Errorf("config.json: use_shared_relative_position_bias is true: " +
				"a relative position bias that all blocks share is not carried")
		}
		if own, said := s["use_relative_position_bias"].(bool); said {
			list = append(list, fact{"relative_positions", own, "config.json: use_relative_position_bias"})
		}
	}
	if kind == "dinov3_vit" {
		theta, ok := s.number("rope_theta")
		if p, given := s.object("rope_parameters").number("rope_theta"); given {
			theta, ok = p, true
		}
		if !ok {
			theta = 100 // the configuration's default
		}
		list = append(list, fact{"rope", turns{kind: configs.RopeCentred, theta: theta, half: true},
			"config.json: rope_theta"})
		if gated, said := s["use_gated_mlp"].(bool); said {
			list = append(list, fact{"gated", gated, "config.json: use_gated_mlp"})
		}
	}
	f, err := s.hfPool(kind)
	return append(list, f...), err
}

func (s settings) class() string {
	if list, ok := s["architectures"].([]any); ok && len(list) > 0 {
		t, _ := list[0].(string)
		return t
	}
	return ""
}

func (s settings) isClassifier() bool { return strings.Contains(s.class(), "ForImageClassification") }

// hfPool says what the class of the saved model reads behind the last block.
func (s settings) hfPool(kind string) ([]fact, error) {
	class := s.class()
	from := "config.json: architectures " + class
	switch {
	case class == "":
		return nil, nil
	case class == "SiglipForImageClassification", class == "IJepaForImageClassification":
		return []fact{{"pool", "avg", from}}, nil
	case slices.Contains([]string{"BeitForImageClassification", "BeitModel", "Data2VecVisionForImageClassification",
		"Data2VecVisionModel"}, class):
		mean, said := s["use_mean_pooling"].(bool) // the configuration's default is true
		pool := map[bool]string{true: "avg", false: "token"}[mean || !said]
		return []fact{{"pool", pool, "config.json: use_mean_pooling"}}, nil
	case class == "CLIPForImageClassification":
		return nil, fmt.Errorf("%s: average pooling in front of no norm is not carried", from)
	case strings.HasPrefix(class, "Siglip"):
		return []fact{{"pool", "map", from}}, nil
	case class == "ViTForImageClassification", class == "ViTModel", class == "ViTMAEModel",
		strings.HasPrefix(class, "DeiTForImageClassification"), class == "DeiTModel",
		strings.HasPrefix(class, "Dinov2"), class == "DINOv3ViTModel", strings.HasPrefix(class, "CLIP"):
		return []fact{{"pool", "token", from}}, nil
	}
	return nil, fmt.Errorf("%s: is not a class that is known; expected one for image classification, or an encoder", from)
}
