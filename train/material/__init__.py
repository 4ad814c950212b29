"""What training is made from: photographs, drawings, clips and whole problems made of them."""
