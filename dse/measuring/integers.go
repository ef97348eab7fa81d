package measuring

import (
	"bytes"

	"vitdse/configs"
	"vitdse/golden/intnet"
	"vitdse/golden/quant"
)

// Integers is the integer network of some numerics, with ranges from all of the calibration images. It is
// kept, so that a design is quantized once for all commands that are about it. stage hears of what is at
// work and how far it is; it may be nil.
func (n Network) Integers(num configs.Numerics, w Work,
	stage func(title, unit string, done, total int)) (*intnet.Network, error) {
	key, err := configs.Key(goldenVersion, w.Version, "integers", n.Model, n.Weights.Digest(n.Model),
		imagesHash(n.Calibration, nil), num)
	if err != nil {
		return nil, err
	}
	var kept []byte
	if w.Cache.Get("integers", key, &kept) {
		if net, _, err := intnet.DecodeNPZ(key, kept); err == nil {
			return net, nil
		}
	}
	w.Stage = stage
	stats, err := quant.CalibrateWith(n.Model, n.Weights, n.Calibration, w.stage("calibration", "images"))
	if err != nil {
		return nil, err
	}
	net, _, err := quant.Inspect(n.Model, num, n.Weights, stats, w.stage("quantization", "blocks"))
	if err != nil || !w.Cache.Holds() {
		return net, err
	}
	var b bytes.Buffer
	if err := net.EncodeNPZ(&b, key); err != nil {
		return nil, err
	}
	return net, w.Cache.Put("integers", key, b.Bytes())
}
